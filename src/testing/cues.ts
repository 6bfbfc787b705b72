/** When a faulty actor goes wrong: what a test writes, and the question that is asked for each call. */
import type { Context } from '../actor/context.ts'
import { InvalidOptions, mistake } from '../errors.ts'
import { mistakesIn } from '../options.ts'
import { cueOptions, faultOptions } from './options.ts'

/** When: all of what is said has to be so. With `setup`, `flush` or `stop` it is about those calls, and not about items. */
export interface Cue<In> {
  /** Sequences of items; the first is 0. @default every item */
  at?: number | readonly number[]
  /** Which attempts at them; the first is 1. @default every attempt */
  attempt?: number | readonly number[]
  /** Which items, by what they are. @default every item */
  when?: (item: In, context: Context<In>) => boolean
  /** Which calls of `setup`, of all workers together; the first is 1, and with one worker 2 is its first restart. */
  setup?: number | readonly number[]
  /** Which calls of `flush`; the first is 1. */
  flush?: number | readonly number[]
  /** Which calls of `stop`; the first is 1. */
  stop?: number | readonly number[]
  /** The handler does its work before: what it did to the world has happened, what it emitted is lost. @default false */
  after?: boolean
}

/** `error`: what is thrown, a class of errors, or a function of the item that makes one. @default a `FailedOnCue` */
export type FailCue<In> = Cue<In> & { error?: unknown }
/** `deaf`: it does not listen to its signal. @default false */
export type HangCue<In> = Cue<In> & { deaf?: boolean }

type OneOrMany<T> = number | T | readonly (number | T)[]

/** What goes wrong, and when. A number is the sequence of an item. */
export interface Cues<In> {
  fails?: OneOrMany<FailCue<In>>
  hangs?: OneOrMany<HangCue<In>>
  dies?: OneOrMany<Cue<In>>
}

export type FaultKind = keyof Cues<unknown>
export type CallName = 'receive' | 'setup' | 'flush' | 'stop'

/** A cue, whatever it is a cue for. */
export type AnyCue = Cue<any> & { readonly error?: unknown; readonly deaf?: boolean }
export type CueList = Readonly<Record<FaultKind, readonly AnyCue[]>>

/**
 * The cues as a test wrote them, in one form. `calls`: what of the actor is ever called.
 *
 * Throws `InvalidOptions` with all that is wrong with them.
 */
export function cuesOf(cues: Cues<any>, calls: readonly CallName[], place: string): CueList {
  const known = Object.keys(faultOptions).join(', ')
  const isLeftOut = cues === undefined
  const mistakes = isLeftOut
    ? [mistake('NOT_OPTIONS', place, { actual: 'undefined', type: 'undefined', meant: undefined, known })]
    : mistakesIn(cues, faultOptions, place)
  if (mistakes.some(({ code }) => code === 'NOT_OPTIONS')) throw new InvalidOptions(mistakes)
  const list = (kind: FaultKind): AnyCue[] => {
    const given: unknown[] = [cues[kind]].flat()
    const made = given.filter(cue => cue !== undefined).map(cue => (typeof cue === 'number' ? { at: cue } : cue))
    for (const cue of made) {
      mistakes.push(...mistakesIn(cue, cueOptions[kind], `${place}: ${kind}`))
      for (const call of (['setup', 'flush', 'stop'] as const).filter(call => !calls.includes(call))) {
        if ((cue as AnyCue | null)?.[call] === undefined) continue
        mistakes.push(mistake('NO_CALL', `${place}: ${kind}`, { call }))
      }
    }
    return made as AnyCue[]
  }
  const made = { hangs: list('hangs'), dies: list('dies'), fails: list('fails') }
  if (mistakes.length > 0) throw new InvalidOptions(mistakes)
  return made
}

/** The call of `receive` that a cue may be for. */
export interface Receiving {
  readonly item: unknown
  readonly sequence: number
  readonly attempt: number
  readonly context: unknown
}

/** The cue that is due, if one is. `count`: which call of that name it is; the first is 1. */
export function dueOf(cues: readonly AnyCue[], call: CallName, count: number, at?: Receiving): AnyCue | undefined {
  return cues.find(cue => {
    if (call !== 'receive') return has(cue[call], count)
    const isAboutItems = cue.setup === undefined && cue.flush === undefined && cue.stop === undefined
    return (
      isAboutItems &&
      (cue.at === undefined || has(cue.at, at!.sequence)) &&
      (cue.attempt === undefined || has(cue.attempt, at!.attempt)) &&
      (cue.when === undefined || cue.when(at!.item, at!.context as Context<any>) === true)
    )
  })
}

function has(numbers: number | readonly number[] | undefined, number: number): boolean {
  return typeof numbers === 'number' ? numbers === number : (numbers?.includes(number) ?? false)
}
