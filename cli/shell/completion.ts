import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What can follow the words of a command. */
interface Completed {
  /** `vcp`, `vcp list`, … with one space between words. */
  readonly path: string;
  readonly words: readonly Word[];
  readonly options: readonly OptionWord[];
  /** The list of `vcp list` that its argument is a name of. */
  readonly names: string | undefined;
}
interface Word {
  readonly word: string;
  readonly does: string;
}
interface OptionWord extends Word {
  readonly flags: readonly string[];
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  /** Whether its value is a file. */
  readonly isFile: boolean;
}

/** The script that completes the words of `program` in a shell. */
export function completionScript(shell: Shell, program: Command): string {
  return scripts[shell](completedOf(program, program.name()));
}

function completedOf(command: Command, path: string): Completed[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  const words = children.flatMap((child) =>
    [child.name(), ...child.aliases()].map((word) => ({ word, does: child.description() })),
  );
  const own = {
    path,
    words,
    options: command.options.filter(({ hidden }) => !hidden).map(optionWord),
    names: namesOf(command, children),
  };
  return [
    own,
    ...children.flatMap((child) =>
      [child.name(), ...child.aliases()].flatMap((word) => completedOf(child, `${path} ${word}`)),
    ),
  ];
}

/** Arguments that are names which the platform can tell, by the word for the kind, as in `vcp sleep vcluster <name>`. */
const nameLists: Readonly<Record<string, string>> = {
  vcluster: 'vclusters',
  space: 'spaces',
  project: 'projects',
  template: 'templates',
  cluster: 'clusters',
  user: 'users',
  team: 'teams',
  'tenant-cluster': 'vclusters',
  instance: 'vclusters',
};
/** Commands that name something new. */
const making = new Set(['create']);

function namesOf(command: Command, children: readonly Command[]): string | undefined {
  const [argument] = command.registeredArguments;
  if (argument === undefined || children.length > 0) return undefined;
  const parent = command.parent?.name() ?? '';
  if (making.has(parent)) return undefined;
  return nameLists[command.name()] ?? nameLists[argument.name()] ?? nameLists[parent.replace(/s$/, '')];
}

function optionWord({ short, long, description, required, optional, argChoices, flags }: Option): OptionWord {
  const all = [short, long].filter((flag) => flag !== undefined);
  return {
    word: long ?? short ?? '',
    flags: all,
    does: description,
    takesValue: required || optional,
    choices: argChoices ?? [],
    isFile: flags.includes('<file>'),
  };
}

const scripts: Readonly<Record<Shell, (all: readonly Completed[]) => string>> = {
  bash: bashScript,
  zsh: (all) => `#compdef vcp\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(all)}`,
  fish: fishScript,
};

/** Text between single quotes, for all three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '').replaceAll("'", "'\\''")}'`;
}

/** No variable has a name that means something to zsh, as `path` and `words` do. */
function bashScript(all: readonly Completed[]): string {
  const rows = all.map(({ path, words, options, names }) => {
    const flags = options.flatMap((option) => option.flags);
    const values = options.filter(({ takesValue }) => takesValue).flatMap((option) => option.flags);
    return `    ${quoted(path)}) next=${quoted(words.map(({ word }) => word).join(' '))} flags=${quoted([...flags, '--help'].join(' '))} values=${quoted(` ${values.join(' ')} `)} names=${quoted(names ?? '')} ;;`;
  });
  const choices = choicesOf(all).map(
    ([flags, words]) =>
      `    ${flags.join('|')}) COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$cur")); return ;;`,
  );
  return `# Completion of vcp: eval "$(vcp completion bash)", or zsh
_vcp_row() {
  case "$1" in
${rows.join('\n')}
    *) return 1 ;;
  esac
}
_vcp_names() {
  local project="$2" arguments=(list "$1" -o name)
  case "$1" in
    vclusters|spaces) arguments+=(-p "\${project:-default}") ;;
  esac
  # Only what is a name: the shell expands what it offers.
  vcp "\${arguments[@]}" 2>/dev/null | sed -n 's|^[^/]*/\\([a-z0-9][a-z0-9.-]*\\)$|\\1|p'
}
_vcp() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="" at=vcp next flags values names project="" given=0 i word
  [ "$COMP_CWORD" -gt 0 ] && prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  _vcp_row "$at"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$values" in
      *" $word "*)
        i=$((i + 1))
        case "$word" in
          -p|--project) project="\${COMP_WORDS[i]}" ;;
        esac
        continue ;;
    esac
    case "$word" in
      -*) continue ;;
    esac
    if _vcp_row "$at $word"; then at="$at $word"; else given=$((given + 1)); fi
  done
  _vcp_row "$at"
  case "$prev" in
${choices.join('\n')}
  esac
  case "$values" in
    *" $prev "*) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
    *)
      if [ -n "$next" ]; then COMPREPLY=($(compgen -W "$next" -- "$cur"))
      elif [ -n "$names" ] && [ "$given" -eq 0 ]; then COMPREPLY=($(compgen -W "$(_vcp_names "$names" "$project")" -- "$cur"))
      fi ;;
  esac
}
complete -o default -F _vcp vcp
`;
}

/** Flags whose values are known; they have the same everywhere. */
function choicesOf(all: readonly Completed[]): [flags: readonly string[], words: readonly string[]][] {
  const options = all.flatMap((one) => one.options).filter(({ choices }) => choices.length > 0);
  const byWord = new Map(options.map((option) => [option.word, option]));
  return [...byWord.values()].map(({ flags, choices }) => [flags, choices]);
}

/** Flags that a value follows; they take one everywhere. */
function valueFlags(all: readonly Completed[]): string[] {
  const options = all.flatMap((one) => one.options).filter(({ takesValue }) => takesValue);
  return [...new Set(options.flatMap(({ flags }) => flags))];
}

function fishScript(all: readonly Completed[]): string {
  const lines = all.flatMap(({ path, words, options, names }) => {
    const when = `-n ${quoted(`__vcp_at ${path}`)}`;
    return [
      ...words.map(({ word, does }) => `complete -c vcp ${when} -f -a ${quoted(word)} -d ${quoted(does)}`),
      ...options.map((option) => fishOption(when, option)),
      ...(names === undefined
        ? []
        : [`complete -c vcp -n ${quoted(`__vcp_names_at ${path}`)} -f -a '(__vcp_names ${names})'`]),
    ];
  });
  return `# Completion of vcp: vcp completion fish | source
function __vcp_plain
    set -l skipped 0
    for word in (commandline -opc)
        if test $skipped -eq 1
            set skipped 0
        else if contains -- $word ${valueFlags(all).join(' ')}
            set skipped 1
        else
            string match -v -- '-*' $word
        end
    end
end
function __vcp_names_at
    __vcp_at $argv; and test (count (__vcp_plain)) -eq (count $argv)
end
function __vcp_at
    set -l words (__vcp_plain)
    set -l last (count $argv)
    test (count $words) -ge $last; or return 1
    test "$words[1..$last]" = "$argv"; or return 1
    test (count $words) -eq $last; or not contains -- $words[(math $last + 1)] (__vcp_words $argv)
end
function __vcp_words
    switch "$argv"
${all
  .filter(({ words }) => words.length > 0)
  .map(
    ({ path, words }) =>
      `        case ${quoted(path)}\n            string split ' ' -- ${quoted(words.map(({ word }) => word).join(' '))}`,
  )
  .join('\n')}
    end
end
function __vcp_names
    set -l project default
    set -l words (commandline -opc)
    for i in (seq (count $words))
        contains -- $words[$i] -p --project; and set project $words[(math $i + 1)]
    end
    switch $argv[1]
        case vclusters spaces
            vcp list $argv[1] -o name -p $project 2>/dev/null | string replace -r '^[^/]*/' ''
        case '*'
            vcp list $argv[1] -o name 2>/dev/null | string replace -r '^[^/]*/' ''
    end
end
complete -c vcp -f
${lines.join('\n')}
`;
}

function fishOption(when: string, { flags, does, takesValue, choices, isFile }: OptionWord): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = takesValue ? (isFile ? ' -r -F' : ' -x') : '';
  const known = choices.length === 0 ? '' : ` -a ${quoted(choices.join(' '))}`;
  return `complete -c vcp ${when} ${names.join(' ')}${value}${known} -d ${quoted(does)}`;
}
