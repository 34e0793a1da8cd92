/**
 * Completion for bash, of our own: it needs no package of helper functions, and what stands on the line is handed over as it
 * is and never evaluated. Words come one a line, a tab and a description behind each, and a number of options last.
 */
export const BASH_COMPLETION: string = String.raw`# bash completion for countersign
__countersign_complete() {
  local cur="${"$"}{COMP_WORDS[COMP_CWORD]}" out value rest
  out=$(countersign complete -- "${"$"}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  COMPREPLY=()
  while IFS=$'\t' read -r value rest; do
    case "$value" in
      :*) ;;
      "$cur"*) [ -z "$value" ] || COMPREPLY+=("$value") ;;
    esac
  done <<< "$out"
  case "${"$"}{COMPREPLY[*]}" in *=) compopt -o nospace ;; esac
}
complete -o default -F __countersign_complete countersign
`;
