#include "app/program.h"
#include "app/verbs.h"

namespace hf {
namespace {

constexpr std::string_view bash_script =
    R"(# bash completion of holdfast: holdfast completion bash > /etc/bash_completion.d/holdfast
_holdfast() {
  local IFS=$'\n'
  local words
  words=$(holdfast __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1)
  if [[ $words == "__files__" ]]; then
    COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
  else
    COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
  fi
}
complete -o filenames -F _holdfast holdfast
)";

constexpr std::string_view zsh_script = R"(#compdef holdfast
# zsh completion of holdfast: holdfast completion zsh > /usr/share/zsh/site-functions/_holdfast
_holdfast() {
  local -a lines described
  lines=("${(@f)$(holdfast __complete -- "${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  if [[ ${lines[1]} == "__files__" ]]; then
    _files
    return
  fi
  for line in $lines; do
    described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe holdfast described
}
_holdfast "$@"
)";

constexpr std::string_view fish_script =
    R"(# fish completion of holdfast: holdfast completion fish > ~/.config/fish/completions/holdfast.fish
function __holdfast_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines (holdfast __complete -- $words[2..-1] 2>/dev/null)
    if test "$lines[1]" = "__files__"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $lines
    end
end
complete -c holdfast -f -a '(__holdfast_complete)'
)";

Result<Exit> run_verb(Context& context) {
  const std::string shell = context.args.text("SHELL");
  context.out.text("script", shell == "bash" ? bash_script : shell == "zsh" ? zsh_script : fish_script);
  return Exit::Done;
}

}  // namespace

Verb completion_verb() {
  return {.name = "completion",
          .summary = "Print the completion script of a shell",
          .description =
              "Completes commands, flags, sets and points; the latter from what this machine has seen, without opening "
              "a repository.",
          .arguments = {{"SHELL", "the shell", ArgumentSpec::Count::One, {"bash", "zsh", "fish"}}},
          .options = {},
          .examples = {"holdfast completion bash > /etc/bash_completion.d/holdfast",
                       "holdfast completion zsh > /usr/share/zsh/site-functions/_holdfast",
                       "holdfast completion fish > ~/.config/fish/completions/holdfast.fish"},
          .run = run_verb};
}

}  // namespace hf
