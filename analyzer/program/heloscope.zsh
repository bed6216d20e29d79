#compdef heloscope
# Completion of heloscope for zsh. The program itself knows what may be typed: heloscope --complete.
_heloscope() {
    local -a lines offered
    lines=("${(@f)$(${words[1]} --complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    case ${lines[1]} in
    :files) _files ;;
    :folders) _files -/ ;;
    ?*)
        offered=("${(@)lines//:/\\:}")
        offered=("${(@)offered/$'\t'/:}")
        _describe heloscope offered
        ;;
    esac
}

_heloscope "$@"
