# Warnings for everything that is ours; errors when this is the top project.
function(libsock_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef
    -Wvla -Wformat=2)
  if(LIBSOCK_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
