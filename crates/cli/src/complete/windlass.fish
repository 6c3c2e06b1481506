# Completes the words of windlass in fish. Windlass itself is asked what may stand at the cursor.
function __windlass_words
    set -l line (commandline -opc)
    set -l answer ($line[1] completions fish -- $line (commandline -ct) 2>/dev/null)
    switch "$answer[1]"
        case ''
        case @files
            __fish_complete_path (commandline -ct)
        case @directories
            __fish_complete_directories (commandline -ct)
        case '*'
            printf '%s\n' $answer
    end
end
complete -c windlass -f -a '(__windlass_words)'
