/** A pipeline that is a stage, in a worker: the engine runs it here, and what it has to tell goes to the stage around it. */
import { inspect } from 'node:util'
import type { Blueprint } from '../pipeline/blueprint.ts'
import { nestedBody } from '../pipeline/nested.ts'
import { startRun } from '../pipeline/run/run.ts'
import { isStateful } from '../pipeline/stateful.ts'
import { pack } from '../runtime/remote/packed-error.ts'
import type { Inside } from '../runtime/remote/protocol.ts'
import type { Failure } from '../stage/plan.ts'

export function nestedActor(blueprint: Blueprint, grace: number, tell: (inside: Inside) => void) {
  const stateful = isStateful({ kind: 'pipeline', blueprint })
  const contained = {
    began() {},
    ended() {},
    deadLetter: (stage: string, { error, ...letter }: Failure) => {
      const say = (letter: Omit<Failure, 'error'>) => tell({ what: 'dead letter', stage, letter, error: pack(error) })
      try {
        say(letter)
      } catch {
        // It never left this worker, and cannot: what it was is told as text.
        say({ ...letter, item: inspect(letter.item, { depth: 1 }) })
      }
    },
    dropped: (stage: string) => tell({ what: 'dropped', stage }),
  }
  return nestedBody(() => startRun(blueprint, { grace }, { contained }) as never, stateful)
}
