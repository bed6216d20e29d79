# Completion of heloscope for bash. What the program can tell itself it is asked for.

# The options of subcommand $2 of program $1.
_heloscope_options() {
    "$1" "$2" --help 2>/dev/null | grep -o -e ' --[a-z-]*' -e ' -[A-Za-z],' | tr -d ' ,'
}

# The causes that program $1 knows.
_heloscope_causes() {
    "$1" explain --color=never 2>/dev/null | sed -n '/^$/q; s/ .*//p'
}

# The sessions of the history, which is the one behind --db when that was typed already.
_heloscope_sessions() {
    local i history=()
    for ((i = 2; i < COMP_CWORD - 1; i++)); do
        [[ ${COMP_WORDS[i]} == --db ]] && history=(--db "${COMP_WORDS[i + 1]}")
    done
    "$1" show --color=never "${history[@]}" 2>/dev/null | awk 'NR > 1 && NR < 1000 { print $1 }'
}

_heloscope() {
    local program=$1 current=$2 previous=$3 subcommand=${COMP_WORDS[1]} words=
    COMPREPLY=()

    if ((COMP_CWORD == 1)); then
        words="analyze monitor show report explain export cut ship --help --version"
    elif [[ $previous == @(--db|-r|--read|--keylog|-w|--write|--html|--output|--metrics|--config|--credentials|--source) ]]; then
        compopt -o default 2>/dev/null
        return
    elif [[ $previous == --captures ]]; then
        compopt -o dirnames 2>/dev/null
        return
    elif [[ $previous == @(-i|--interface) ]]; then
        words="any $(ls /sys/class/net 2>/dev/null)"
    elif [[ $previous == --by ]]; then
        words="cause client server software client-software day hour"
    elif [[ $previous == --cause ]]; then
        words=$(_heloscope_causes "$program")
    elif [[ $previous == --fault ]]; then
        words="client pipelining server middlebox policy unknown"
    elif [[ $previous == --certainty ]]; then
        words="certain likely unknown"
    elif [[ $previous == @(--from|--since|--to) ]]; then
        words="today yesterday now"
    elif [[ $previous == --format ]]; then
        words="jsonl eve zeek"
    elif [[ $previous == --color ]]; then
        words="auto always never"
    elif [[ $previous == @(--ports|--cursor|--sensor|--fleet|--cluster|--limit|--filter|--client|--server|--sender|--recipient|--queue-id|--message-id|--code|--software|--last|-s|--snapshot-length|-B|--buffer-size) ]]; then
        return
    elif [[ $current == -* ]]; then
        words=$(_heloscope_options "$program" "$subcommand")
    elif [[ $subcommand == analyze ]]; then
        compopt -o default 2>/dev/null
        return
    elif [[ $subcommand == explain ]]; then
        words="$(_heloscope_causes "$program") tls_hidden"
    elif [[ $subcommand == @(show|cut) ]]; then
        words=$(_heloscope_sessions "$program")
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _heloscope heloscope
