import type { Command, Offer, Option } from '../command.ts'
import type { CommandRow } from '../commands.ts'

/*
 * Both scripts first walk the words before the cursor: `at` becomes the command that they name, with its group before it,
 * `takes` the options of it that have a value, `n` the number of its operands so far. What is offered then follows from
 * these and, where the cursor is behind an option with a value, from that option, `prev`.
 */

/** The script for each shell that there is one for. */
export const scripts: ReadonlyMap<string, (commands: readonly CommandRow[], common: readonly Option[]) => string> =
  new Map([
    ['bash', (commands, common) => bash(places(commands, common))],
    ['zsh', (commands, common) => zsh(places(commands, common))],
  ])

/** What can follow a command: `path` is the command with the group that it is of. */
interface Place {
  readonly path: string
  readonly names: readonly Word[]
  readonly flags: readonly Word[]
  /** Options that have a value, with what it can be. */
  readonly values: readonly (readonly [flags: readonly string[], offer: Offer | undefined])[]
  /** What its operands can be, in order. */
  readonly operands: readonly (Offer | undefined)[]
}
type Word = readonly [word: string, does: string]

const places = (commands: readonly CommandRow[], common: readonly Option[]): readonly Place[] => {
  const placeOf = placeWith(common)
  const names = commands.flatMap(({ name, aliases = [], summary }) =>
    [name, ...aliases].map((one): Word => [one, summary]),
  )
  const version: Word = ['--version', 'print the version of this program']
  const root = placeOf('', {}, [...names, ['help', 'tell how a command is used']], [version])
  return [
    root,
    { ...placeOf('help', {}, names), flags: [] },
    ...commands.flatMap(({ name, aliases = [], command }) =>
      [name, ...aliases].flatMap((path) => {
        if (!('commands' in command)) return [placeOf(path, command)]
        const subs = Object.entries(command.commands)
        return [
          placeOf(
            path,
            {},
            subs.map(([sub, { summary }]): Word => [sub, summary]),
          ),
          ...subs.map(([sub, one]) => placeOf(`${path} ${sub}`, one)),
        ]
      }),
    ),
  ]
}

const placeWith =
  (common: readonly Option[]) =>
  (
    path: string,
    { options = [], operands = [] }: Pick<Command, 'options' | 'operands'>,
    names: readonly Word[] = [],
    more: readonly Word[] = [],
  ): Place => {
    const known = [...options, ...common]
    const help: Word = ['--help', 'tell how it is used']
    return {
      path,
      names,
      flags: [...known.flatMap((option) => flagsOf(option).map((flag): Word => [flag, option.text])), help, ...more],
      values: known
        .filter(({ flags }) => flags.includes('<'))
        .map((option) => [flagsOf(option), option.choices ?? offerOf(option)]),
      operands: operands.map(({ offers }) => offers),
    }
  }

const flagsOf = ({ flags }: Option): readonly string[] => flags.replace(/<.*/, '').match(/--?[\w-]+/g) ?? []
const offerOf = ({ flags }: Option): Offer | undefined =>
  flags.endsWith('<file>') ? 'files' : flags.endsWith('<directory>') ? 'directories' : undefined

/** Of a word before the cursor; `skip` steps over its value. */
const walk = (
  all: readonly Place[],
  skip: string,
): string => `    if [[ $takes == *" $word "* ]]; then ${skip}; continue; fi
    [[ $word == -* ]] && continue
    case "\${at:+$at }$word" in
${all
  .filter(({ path }) => path !== '')
  .map(({ path, values }) => `      ${quoted(path)}) at=${quoted(path)} takes=${quoted(takes(values))} ;;\n`)
  .join('')}      *) ((n++)) ;;
    esac
`
const takes = (values: Place['values']): string => ` ${values.flatMap(([flags]) => flags).join(' ')} `

/** Sets `offer` to what is completed at the cursor: `files`, `directories`, `nothing`, or words; empty for names and flags. */
const choose = (all: readonly Place[]): string => `  case "$at $prev" in
${all
  .flatMap(({ path, values }) =>
    values.map(([flags, offer]) => {
      const patterns = flags.map((flag) => quoted(`${path} ${flag}`)).join('|')
      return `    ${patterns}) offer=${quoted(textOf(offer ?? 'nothing'))} ;;\n`
    }),
  )
  .join('')}    *)
      case "$at $n" in
${all
  .flatMap(({ path, operands }) =>
    operands.map((offer, i) =>
      offer === undefined ? '' : `        ${quoted(`${path} ${i}`)}) offer=${quoted(textOf(offer))} ;;\n`,
    ),
  )
  .join('')}      esac
      [[ $cur == -* ]] && offer='' ;;
  esac
`
const textOf = (offer: Offer | 'nothing'): string => (typeof offer === 'string' ? offer : offer.join(' '))

const bash = (all: readonly Place[]): string => `# completion of rxzt for bash: source <(rxzt completion bash)
_rxzt() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' n=0 offer='' names='' flags='' word i
  local takes=${quoted(takes(all[0]!.values))}
  # bash makes words of --option=value at the sign
  if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
${walk(all, `[[ \${COMP_WORDS[i+1]} == = ]] && ((i++)); ((i++))`)}  done
${choose(all)}  COMPREPLY=()
  case $offer in
    files) compopt -o filenames 2>/dev/null ; return ;;
    directories) compopt +o default +o bashdefault -o dirnames 2>/dev/null; return ;;
    nothing) compopt +o default +o bashdefault 2>/dev/null; return ;;
    ?*) COMPREPLY=($(compgen -W "$offer" -- "$cur")); return ;;
  esac
  case "$at" in
${all
  .map(({ path, names, flags }) => {
    const [words, options] = [names, flags].map((some) => some.map(([word]) => word).join(' '))
    return `    ${quoted(path)}) names=${quoted(words ?? '')} flags=${quoted(options ?? '')} ;;\n`
  })
  .join('')}  esac
  compopt +o default +o bashdefault 2>/dev/null
  if [[ -z $names || $cur == -* ]]; then names=$flags; fi
  COMPREPLY=($(compgen -W "$names" -- "$cur"))
}
complete -o bashdefault -o default -F _rxzt rxzt`

const zsh = (all: readonly Place[]): string => `#compdef rxzt
# completion of rxzt for zsh
_rxzt() {
  local cur=$words[CURRENT] prev=$words[CURRENT-1] at='' n=0 offer='' word i
  local takes=${quoted(takes(all[0]!.values))}
  local -a names flags
  if [[ $cur == --*=* ]]; then
    prev=\${cur%%=*} cur=\${cur#*=}
    compset -P 1 '*='
  fi
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
${walk(all, '((i++))')}  done
${choose(all)}  case $offer in
    files) _files; return ;;
    directories) _files -/; return ;;
    nothing) _message 'value'; return ;;
    ?*) compadd -- \${=offer}; return ;;
  esac
  case "$at" in
${all
  .map(({ path, names, flags }) => {
    const [words, options] = [names, flags].map((some) => some.map(described).join(' '))
    return `    ${quoted(path)}) names=(${words}) flags=(${options}) ;;\n`
  })
  .join('')}  esac
  if [[ $cur == -* ]] || ! (( $#names )); then _describe -o option flags; else _describe command names; fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _rxzt "$@"; else compdef _rxzt rxzt; fi`

const described = ([word, does]: Word): string => quoted(`${word.replaceAll(':', '\\:')}:${does}`)
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
