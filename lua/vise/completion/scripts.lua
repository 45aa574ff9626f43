--- The completion scripts of the shells.  They hold no names: those come from `vise --complete`.

local M = {}

M.bash = [==[
# bash completion of vise, made by `vise completion bash`.

_vise() {
    local line=${COMP_LINE:0:COMP_POINT} words=() files=() word rest current keep="" i
    # bash cuts words at = and : too; they are put together where no space lies between them.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && word=$rest
        if ((i > 0)) && [[ $rest == "$line" && $word ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        line=${rest#"$word"}
    done
    # What is in quotes or behind backslashes means itself.
    for i in "${!words[@]}"; do
        word=${words[i]#[\"\']}
        ((i < ${#words[@]} - 1)) && word=${word%[\"\']}
        words[i]=${word//\\/}
    done
    current=${words[${#words[@]} - 1]}

    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :keep\ *) keep=${line#:keep } ;;
            :files\ *) compopt -o filenames
                word=${line#:files }
                mapfile -t files < <(compgen -d -- "${current#"$keep"}"
                    compgen -f ${word:+-X "!$word"} -- "${current#"$keep"}") ;;
            :folders) compopt -o filenames
                mapfile -t files < <(compgen -d -- "${current#"$keep"}") ;;
            :more) compopt -o nospace ;;
            *) COMPREPLY+=("$keep${line%%$'\t'*}") ;;
        esac
    done < <("${words[0]/#\~\//$HOME/}" --complete "${words[@]}" 2>/dev/null)
    for word in "${files[@]}"; do
        # A folder is named twice where all files fit.
        [[ " ${COMPREPLY[*]} " == *" $keep$word "* ]] || COMPREPLY+=("$keep$word")
    done
    ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace

    # Readline replaces what follows the last = or : only.
    [[ $current == *[=:]* && $COMP_WORDBREAKS == *[=:]* ]] || current=""
    keep=${current%"${current##*[=:]}"}
    for i in "${!COMPREPLY[@]}"; do
        word=${COMPREPLY[i]#"$keep"}
        # Readline quotes file names by itself.
        if ((${#files[@]} == 0)) && [[ $word == *[!a-zA-Z0-9_.,/:=+@%-]* ]]; then printf -v word %q "$word"; fi
        COMPREPLY[i]=$word
    done
}
complete -F _vise vise
]==]

M.zsh = [==[
#compdef vise
# zsh completion of vise, made by `vise completion zsh`.

_vise() {
    local line keep="" glob="" more=""
    local -a found about shown space
    local -i files=0 folders=0 i widest=0 result=1
    for line in "${(@f)$(${~words[1]} --complete "${(@Q)words[1,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            '') ;;
            ':keep '*) keep=${line#:keep } ;;
            ':files '*) files=1; glob=${line#:files } ;;
            ':folders') folders=1 ;;
            ':more') more=1 ;;
            *) found+=("${line%%$'\t'*}")
                about+=("${${line#"$found[-1]"}#$'\t'}")
                (( $#found[-1] > widest )) && widest=$#found[-1] ;;
        esac
    done
    for (( i = 1; i <= $#found; i++ )); do
        if [[ -n $about[i] ]]; then line="${(r:widest:)found[i]}  $about[i]"; else line=$found[i]; fi
        shown+=("$line[1,COLUMNS-1]")
    done
    [[ -n $keep ]] && compset -P '*='
    [[ -n $more ]] && space=(-S '')
    (( $#found )) && compadd "${space[@]}" ${${about:#}:+-l} -d shown -a found && result=0
    (( folders )) && _files -/ && result=0
    (( files )) && if [[ -n $glob ]]; then
        _files -g "$glob" && result=0
    else
        _files && result=0
    fi
    return $result
}

if [[ $funcstack[1] == _vise ]]; then
    _vise "$@"
else
    compdef _vise vise
fi
]==]

M.fish = [==[
# fish completion of vise, made by `vise completion fish`.

function __vise_complete
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l keep ''
    for line in (command $words[1] --complete $words $current 2>/dev/null)
        switch $line
            case ':keep *'
                set keep (string replace -- ':keep ' '' $line)
            case ':files *'
                set -l glob (string replace -- ':files ' '' $line)
                for file in (__fish_complete_path (string replace -- "$keep" '' $current))
                    set -l name (string split --max 1 \t -- $file)[1]
                    if test -z "$glob"; or string match --quiet -- '*/' $name; or string match --quiet -- $glob $name
                        echo -- $keep$file
                    end
                end
            case ':folders'
                for folder in (__fish_complete_directories (string replace -- "$keep" '' $current))
                    echo -- $keep$folder
                end
            case ':more'
            case '*'
                echo -- $keep$line
        end
    end
end

complete --command vise --no-files --arguments '(__vise_complete)'
]==]

return M
