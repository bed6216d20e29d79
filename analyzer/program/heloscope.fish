# Completion of heloscope for fish. The program itself knows what may be typed: heloscope --complete.
function __heloscope_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] --complete $words[2..-1] 2>/dev/null)
    switch "$lines[1]"
        case :files
            __fish_complete_path (commandline -ct)
        case :folders
            __fish_complete_directories (commandline -ct)
        case '*'
            printf '%s\n' $lines
    end
end

complete -c heloscope -f -a '(__heloscope_complete)'
