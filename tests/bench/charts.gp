# charts.gp - the charts, from the data that sock_bench wrote to `folder`.
ratios = folder . '/ratio.dat'
rows   = folder . '/ratio-rows.dat'
wakes  = folder . '/wake.dat'

lines_of(file) = int(system("wc -l <'" . file . "'"))

# ---- ratios: a bar from 0, its interval, the aim ----

most = 1.5 # what is longer is cut, and says how long it is
cut(x) = x > most ? most : x
# Where the text begins: behind the bar and its interval, and behind the aim if
# that would be in its way.
end_of(ratio, high) = high > ratio ? high : ratio
right(ratio, high, aim) = aim > end_of(ratio, high) && \
    aim < end_of(ratio, high) + 0.4 ? aim : end_of(ratio, high)
array colours[3] = [0xb9bec4, 0x1b6ca8, 0xe0a84a] # see enum kind
label(x, name) = sprintf(x > most ? '▶ %.1f  %s' : x < 0.1 ? '%.4f  %s' : \
                         '%.3f  %s', x, name)

if (lines_of(ratios) > 0) {
    stats ratios using 1 name 'Y' nooutput
    set terminal svg size 1000, 190 + 15 * (Y_max + 2) \
        font 'sans-serif,12' background '#ffffff'
    set output folder . '/ratio.svg'
    set title "{/:Bold How fast, against the reference (longer is faster)}\n\
CPU time of the reference / CPU time of the engine: the median of the rounds, with its interval of 95 %\n\
blue: libsock   yellow: other libraries   grey: no library   red line: libsock's aim" \
        offset -14, 0
    set xrange [0 : most + 0.55]
    set yrange [Y_max + 1 : -1]
    set xtics 0, 0.25, most nomirror
    set xlabel 'ratio; what is over 1.5 is cut'
    set ytics scale 0 font ',11'
    set border 1
    set lmargin 46
    set style fill solid 1 noborder
    do for [x = 1 : 6] {
        set arrow x from x * 0.25, graph 0 to x * 0.25, graph 1 nohead \
            lc rgb (x == 4 ? '#000000' : '#e4e4e4') back
    }
    plot ratios using (cut($2)):1:(0):(cut($2)):($1 - 0.42):($1 + 0.42):\
                (colours[int($6) + 1]) \
            with boxxyerror lc rgb variable notitle, \
        '' using (cut($2)):1:(cut($3)):(cut($4)) \
            with xerrorbars pt 0 lw 1 lc rgb '#000000' notitle, \
        '' using ($5 > 0 && $5 <= most ? $5 : NaN):($1 - 0.5):(0):(1) \
            with vectors nohead lw 2.5 lc rgb '#d02020' notitle, \
        '' using (cut(right($2, $4, $5))):1:(label($2, strcol(7))) \
            with labels left offset 0.8, 0 font ',11' notitle, \
        rows using (0):1:ytic(2) with points pt 0 lc rgb '#ffffff' notitle
    unset output
    reset
}

# ---- a wake-up against how many are idle ----

if (lines_of(wakes) > 0) {
    stats wakes using 1:2 name 'W' nooutput
    set terminal svg size 860, 560 font 'sans-serif,13' background '#ffffff'
    set output folder . '/wake.svg'
    set title "{/:Bold One wake-up among idle connections}\n\
CPU time to send a byte, wait for it and read it (both axes logarithmic)"
    set logscale xy
    set xrange [8 : 14000]
    set yrange [1 : *]
    set format x '%.0f'
    set format y '%.0f'
    set xlabel 'idle TCP connections beside the one that is busy'
    set ylabel 'µs of CPU time for a wake-up'
    set grid xtics ytics lc rgb '#e0e0e0'
    set border 3
    set tics nomirror
    set key top left reverse Left
    array hues[6] = ['#8a6fb0', '#e0a84a', '#c0392b', '#1b6ca8', '#5aa9dd', \
        '#333333'] # the order of lines[] in charts.c
    plot for [i = 0 : W_blocks - 1] wakes index i using 1:2 \
        with linespoints lw 2 pt 4 + i ps 1.1 \
        lc rgb hues[1 + i] title columnheader(1) noenhanced
}
