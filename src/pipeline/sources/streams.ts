/**
 * Streams and promises as async iterators whose `return` does not wait.
 *
 * A stream's own iterator is an async generator: its `return` stands in line behind the `next` that is under way, which
 * may be for ever where nothing comes; and until then the stream holds what it has open.
 */

export interface NodeStream extends AsyncIterable<unknown> {
  read(): unknown
  destroy(): void
}

export function nodeReader(stream: NodeStream): AsyncIterator<unknown> {
  const iterator = stream[Symbol.asyncIterator]()
  return {
    next: () => iterator.next(),
    return: () => {
      stream.destroy()
      return iterator.return!()
    },
  }
}

export interface WebStream {
  getReader(): { read(): Promise<{ done: boolean; value?: unknown }>; releaseLock(): void; cancel(): Promise<void> }
}

export function webReader(stream: WebStream): AsyncIterator<unknown> {
  const reader = stream.getReader()
  return {
    next: async () => {
      const result = await reader.read()
      if (result.done) reader.releaseLock()
      return result as IteratorResult<unknown>
    },
    return: async () => {
      await reader.cancel()
      reader.releaseLock()
      return { done: true, value: undefined }
    },
  }
}

/** One item, once it is here. */
export async function* promised(promise: PromiseLike<unknown>): AsyncGenerator<unknown> {
  yield await promise
}
