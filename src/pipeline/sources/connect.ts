/** From a value to a source that fills a channel. */
import type { SourceContext } from '../language.ts'
import { ArraySource } from './array.ts'
import { DeferredSource } from './deferred.ts'
import { IteratedSource } from './iterated.ts'
import { kindOf } from './kind.ts'
import { PulledSource } from './pulled.ts'
import { PushedSource, type Subscribable } from './pushed.ts'
import type { Inlet, Source } from './source.ts'
import { type NodeStream, nodeReader, promised, type WebStream, webReader } from './streams.ts'

/** Observables are subscribed to at once, everything else is asked after `start`. */
export function connect(value: unknown, inlet: Inlet): Source {
  switch (kindOf(value)) {
    case 'function':
      return new DeferredSource(value as (context: SourceContext) => unknown, connect, inlet)
    case 'observable':
      return new PushedSource(value as Subscribable, inlet)
    case 'stream':
      return new PulledSource(() => webReader(value as WebStream), inlet)
    case 'promise':
      return new PulledSource(() => promised(value as PromiseLike<unknown>), inlet)
    case 'async iterable':
      return new PulledSource(() => reader(value as AsyncIterable<unknown>), inlet)
    case 'array-like':
      return new ArraySource(Array.from(value as ArrayLike<unknown>), inlet)
    default:
      if (ArraySource.reads(value)) return new ArraySource(value, inlet)
      return new IteratedSource(value as Iterable<unknown>, inlet)
  }
}

function reader(items: AsyncIterable<unknown>): AsyncIterator<unknown> {
  const { read, destroy } = items as Partial<NodeStream>
  const isStream = typeof read === 'function' && typeof destroy === 'function'
  return isStream ? nodeReader(items as NodeStream) : items[Symbol.asyncIterator]()
}
