# Completion of heloscope for bash. The program itself knows what may be typed: heloscope --complete.
_heloscope() {
    local IFS=$'\n' lines
    mapfile -t lines < <("$1" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=()
    case ${lines[0]} in
    :files) compopt -o default 2>/dev/null ;;
    :folders) compopt -o dirnames 2>/dev/null ;;
    *) COMPREPLY=("${lines[@]%%$'\t'*}") ;;
    esac
}

complete -F _heloscope heloscope
