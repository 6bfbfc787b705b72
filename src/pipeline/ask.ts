/**
 * One item handed in, and what becomes of it for whoever asked: all that it led to, or its failure.
 *
 * What the item leads to carries its *origin* through the pipeline; the answer is complete when the last of it has ended.
 */
import { type Asker, Origin } from '../channel/ticket.ts'
import type { Clock } from '../clock.ts'
import { AskTimeout, RunEnded, StageFailed } from '../errors.ts'
import { onAbort } from './abort.ts'

export interface Asking {
  readonly pipeline: string
  readonly clock: Clock
  /** The pipeline is a stage of another: a failure that would stop it is the asker's alone. */
  readonly contains: boolean
  /** Questions that are open: each is told when the run ends without an answer, and why. */
  readonly open: Set<(error: unknown) => void>
  send(item: unknown, origin: Origin): Promise<void>
}

export function ask(
  asking: Asking,
  item: unknown,
  { signal, timeout }: { signal?: AbortSignal | undefined; timeout?: number | undefined },
): Promise<unknown[]> {
  const { pipeline, clock, open } = asking
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const results: unknown[] = []
    let failure: StageFailed | undefined
    let timer: unknown
    let ignore = () => {}
    const end = (settle: () => void) => {
      origin.forsaken = true
      open.delete(refuse)
      if (timer !== undefined) clock.clearTimeout(timer)
      ignore()
      settle()
    }
    const refuse = (error: unknown) => end(() => reject(error ?? new RunEnded(pipeline)))
    const asker: Asker = {
      contains: asking.contains,
      take: result => void results.push(result),
      fail: (inner, { stage, worker, sequence, attempts, error }) => {
        failure = new StageFailed({ pipeline: inner, stage, worker, sequence, attempt: attempts }, error)
      },
    }
    const origin = new Origin(() => {
      if (!origin.forsaken) end(() => (failure ? reject(failure) : resolve(results)))
    }, asker)
    if (signal) ignore = onAbort(signal, () => refuse(signal.reason))
    if (timeout !== undefined) timer = clock.setTimeout(() => refuse(new AskTimeout(pipeline, timeout)), timeout)
    open.add(refuse)
    asking.send(item, origin).catch(refuse)
  })
}
