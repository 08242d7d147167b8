# bash completion for reprise: the words come from the program itself.
_reprise() {
    local word=${COMP_WORDS[COMP_CWORD]}
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(reprise help --words) help --help --version" -- "$word")
    elif [ "${COMP_WORDS[1]}" = help ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(reprise help --words)" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(reprise help --words "${COMP_WORDS[1]}" 2>/dev/null)" -- "$word")
    fi
}
complete -o default -o bashdefault -F _reprise reprise
