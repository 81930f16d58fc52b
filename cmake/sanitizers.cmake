# -DLIBSOCK_SANITIZE=address,undefined or thread; -DLIBSOCK_COVERAGE=ON.
function(libsock_instrument target)
  if(LIBSOCK_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=${LIBSOCK_SANITIZE} -fno-sanitize-recover=all
      -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${LIBSOCK_SANITIZE})
  endif()
  if(LIBSOCK_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage -fprofile-update=atomic)
    target_link_options(${target} PUBLIC --coverage)
  endif()
endfunction()
