import { type Command, defineCommand, type Option } from '../command.ts'
import { commands } from '../commands.ts'
import { misuse } from '../failure.ts'
import { commonOptions } from '../program.ts'

export const command = defineCommand<object, [shell: string]>({
  operands: [{ name: '<shell>', text: 'bash or zsh' }],
  about: `Prints a script that completes commands, their options and the values that options can have. Networks and members are not
looked up: it stays fast, and works where no service runs.`,
  examples: [
    ['source <(rxzt completion bash)', 'in ~/.bashrc'],
    ['rxzt completion zsh > ~/.zfunc/_rxzt', 'with ~/.zfunc in fpath, before compinit'],
  ],
  async run({ operands: [shell], out }) {
    const scripts = { bash, zsh }
    const script = Object.hasOwn(scripts, shell) ? scripts[shell as keyof typeof scripts] : undefined
    if (script === undefined) return misuse(`there is no completion for "${shell}"`, 'use bash or zsh')
    const text = script(await words())
    out.result({ shell, script: text }, text)
    return undefined
  },
})

/** What can follow a command: `path` is the command with those that it is of. */
interface Words {
  readonly path: string
  readonly words: readonly Word[]
  /** Options whose value is a file, and those whose value is one of few. */
  readonly files: readonly string[]
  readonly values: readonly (readonly [flags: readonly string[], choices: readonly string[]])[]
}
type Word = readonly [word: string, does: string]

const words = async (): Promise<readonly Words[]> => {
  const names = commands.flatMap(({ name, aliases = [], summary }) =>
    [name, ...aliases].map((one): Word => [one, summary]),
  )
  const all: Words[] = [ofCommand('', { options: [] }, [...names, ['help', 'tell how a command is used']])]
  for (const { name, aliases = [], command } of commands) {
    for (const path of [name, ...aliases])
      if ('commands' in command) {
        const subs = Object.entries(command.commands).map(([sub, { summary }]): Word => [sub, summary])
        all.push(ofCommand(path, { options: [] }, subs))
        for (const [sub, one] of Object.entries(command.commands)) all.push(ofCommand(`${path} ${sub}`, one, []))
      } else all.push(ofCommand(path, command, []))
  }
  all.push({ path: 'help', words: names, files: [], values: [] })
  all.push({
    ...ofCommand('completion', { options: [] }, [
      ['bash', ''],
      ['zsh', ''],
    ]),
  })
  return [...new Map(all.map((one) => [one.path, one])).values()]
}

const ofCommand = (path: string, { options = [] }: Pick<Command, 'options'>, subs: readonly Word[]): Words => {
  const known = [...options, ...commonOptions]
  return {
    path,
    words: [...subs, ...known.flatMap((option) => flagsOf(option).map((flag): Word => [flag, option.text]))],
    files: known.filter(({ flags }) => /<(file|directory)>/.test(flags)).flatMap(flagsOf),
    values: known.flatMap((option) =>
      option.choices === undefined ? [] : [[flagsOf(option), option.choices] as const],
    ),
  }
}

const flagsOf = ({ flags }: Option): readonly string[] => flags.match(/--?[\w-]+/g) ?? []

/** In both shells: from the words before the cursor to the command that they name. */
const walk = (all: readonly Words[]): string => `    case $word in
      -D|--home|--color) ((i++)); continue ;;
      -*) continue ;;
    esac
    case "\${at:+$at }$word" in
      ${all
        .filter(({ path }) => path !== '')
        .map(({ path }) => quoted(path))
        .join('|')}) at="\${at:+$at }$word" ;;
    esac
`

const bash = (all: readonly Words[]): string => `# completion of rxzt for bash: source <(rxzt completion bash)
_rxzt() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
${walk(all)}  done
  local words='' files='' values=''
  case "$at" in
${all
  .map(
    ({ path, words, files, values }) => `    ${quoted(path)})
      words=${quoted(words.map(([word]) => word).join(' '))}
      case $prev in
${values.map(([flags, choices]) => `        ${flags.join('|')}) values=${quoted(choices.join(' '))} ;;\n`).join('')}${files.length > 0 ? `        ${files.join('|')}) files=1 ;;\n` : ''}      esac ;;`,
  )
  .join('\n')}
  esac
  if [[ -n $values ]]; then COMPREPLY=($(compgen -W "$values" -- "$cur"))
  elif [[ -n $files ]]; then COMPREPLY=($(compgen -f -- "$cur"))
  else COMPREPLY=($(compgen -W "$words" -- "$cur")); fi
}
complete -o bashdefault -o default -F _rxzt rxzt`

const zsh = (all: readonly Words[]): string => `#compdef rxzt
# completion of rxzt for zsh
_rxzt() {
  local at='' word i prev=$words[CURRENT-1]
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
${walk(all)}  done
  local -a offered
  case "$at" in
${all
  .map(
    ({ path, words, files, values }) => `    ${quoted(path)})
      case $prev in
${values.map(([flags, choices]) => `        ${flags.join('|')}) compadd -- ${choices.join(' ')}; return ;;\n`).join('')}${files.length > 0 ? `        ${files.join('|')}) _files; return ;;\n` : ''}      esac
      offered=(${words.map(([word, does]) => quoted(`${word.replaceAll(':', '\\:')}:${does}`)).join(' ')}) ;;`,
  )
  .join('\n')}
  esac
  _describe 'rxzt' offered
  _files
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _rxzt "$@"; else compdef _rxzt rxzt; fi`

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
