# fish completion for reprise: the words come from the program itself.
complete -c reprise -n __fish_use_subcommand -f -a "(reprise help --words) help"
complete -c reprise -n "not __fish_use_subcommand" -a "(reprise help --words (commandline -opc)[2] 2>/dev/null)"
