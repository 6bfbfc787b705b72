/** The body of an actor, with a script between it and its stage. */
import type { Observable } from 'rxjs'
import { type AnyBehaviour, type AnyStreamBehaviour, given, type Handler } from '../actor/behaviour.ts'
import type { ActorDefinition } from '../actor/define-actor.ts'
import type { CallName, Receiving } from './cues.ts'
import { withParts } from './definition.ts'
import type { Due, Script } from './script.ts'

export function scripted(body: ActorDefinition['body'], script: Script): ActorDefinition['body'] {
  if (typeof body === 'object' && 'stream' in body) return streamed(body, script)
  const behaviour = behaviourOf(body)
  const setUp = (arg?: unknown) => call(script, 'setup', script.setUp(), undefined, () => behaviour.setup?.(arg))
  return withParts(behaviour, {
    // Its length says whether it wants an argument, and so it has to be that of the original.
    setup: behaviour.setup && behaviour.setup.length > 0 ? (arg: unknown) => setUp(arg) : () => setUp(),
    receive: (item: unknown, state: unknown, context: any) =>
      receive(script, item, context, () => behaviour.receive(item, state, context)),
    stop: (resources: any) =>
      call(script, 'stop', script.stopped(), undefined, () => behaviour.stop?.(resources)) as any,
    // A `flush` where there was none would make a stateless actor a stateful one.
    ...((behaviour.flush || behaviour.start) && {
      flush: (state: unknown, context: any) => {
        const { signal } = context
        return call(script, 'flush', script.flushed(), signal, () => behaviour.flush?.(state, context))
      },
    }),
  })
}

/** A handler has parts too that may go wrong: its worker is set up and stopped. */
function behaviourOf(body: Handler | AnyBehaviour): AnyBehaviour {
  return typeof body === 'function' ? { receive: (item, _state, context) => body(item, context) } : body
}

/** Parts of a body that can be called, and so can go wrong. */
export function callsOf(body: ActorDefinition['body']): readonly CallName[] {
  if (typeof body === 'object' && 'stream' in body) return ['receive']
  const { flush, start } = behaviourOf(body)
  return ['receive', 'setup', 'stop', ...(flush || start ? (['flush'] as const) : [])]
}

/** What the script has a handler do with an item. */
function receive(script: Script, item: unknown, context: any, handle: () => unknown): unknown {
  const { sequence, attempt } = context
  const at: Receiving = { item, sequence, attempt, context }
  const due = script.received(at)
  const handled = () => {
    script.handled()
    return handle()
  }
  return isNow(due)
    ? now(script, 'receive', due, at, handled)
    : later(script, 'receive', due, at, context.signal, handled)
}

/** The same for another part of the actor: what it gives is a value or a promise, or for `flush` all that may be emitted. */
function call(script: Script, name: CallName, due: Due, signal: AbortSignal | undefined, go: () => unknown): unknown {
  if (isNow(due)) return now(script, name, due, undefined, go)
  if (name === 'flush') return later(script, name, due, undefined, signal, go)
  const wait = async () => {
    await script.meet(due, false, name, undefined, signal)
    const result = await go()
    await script.meet(due, true, name, undefined, signal)
    return result
  }
  return wait()
}

/** Whether nothing is due that has to wait for anything: then nothing does. */
function isNow({ hangs, dies, fails }: Due): boolean {
  return !hangs && !dies?.after && !fails?.after
}

function now(script: Script, name: CallName, due: Due, at: Receiving | undefined, go: () => unknown): unknown {
  script.throwDue(due, false, name, at)
  return go()
}

async function* later(
  script: Script,
  name: CallName,
  due: Due,
  at: Receiving | undefined,
  signal: AbortSignal | undefined,
  go: () => unknown,
): AsyncGenerator<unknown> {
  await script.meet(due, false, name, at, signal)
  const outputs = await outputsOf(go())
  await script.meet(due, true, name, at, signal)
  yield* outputs
}

/** All that a handler emits, when it has done its work. */
async function outputsOf(result: unknown): Promise<unknown[]> {
  if (typeof result !== 'object' || result === null) return [result]
  switch (given(result)) {
    case 'value':
      return [result]
    case 'promise':
      return [await result]
    case 'generator':
      return [...(result as Generator<unknown>)]
    case 'async-generator': {
      const outputs: unknown[] = []
      for await (const output of result as AsyncGenerator<unknown>) outputs.push(output)
      return outputs
    }
    case 'observable':
      return observed(result as Observable<unknown>)
  }
}

function observed(observable: Observable<unknown>): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const outputs: unknown[] = []
    observable.subscribe({
      next: output => void outputs.push(output),
      error: reject,
      complete: () => resolve(outputs),
    })
  })
}

/** Over the whole stream: what goes wrong is the take of an item. */
function streamed({ stream }: AnyStreamBehaviour, script: Script): AnyStreamBehaviour {
  /** The model says no sequence; but its context is one and the same for all bodies of a stage. */
  const takes = new WeakMap<object, number>()
  async function* cued(items: AsyncIterable<unknown>, context: any) {
    for await (const item of items) {
      const taken = takes.get(context) ?? 0
      takes.set(context, taken + 1)
      const at: Receiving = { item, sequence: context.sequence ?? taken, attempt: 1, context }
      const due = script.received(at)
      await script.meet(due, false, 'receive', at, context.signal)
      script.handled()
      yield item
      await script.meet(due, true, 'receive', at, context.signal)
    }
  }
  // Its length says whether it wants an argument, and so it has to be that of the original.
  return stream.length > 2
    ? { stream: (items, context, arg) => stream(cued(items, context), context, arg) }
    : { stream: (items, context) => stream(cued(items, context), context, undefined) }
}
