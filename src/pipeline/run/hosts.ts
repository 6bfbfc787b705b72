/** What the parts of a run ask of each other: each asks its host, and the engine has it done. */
import type { InspectionEvent } from 'xstate'
import type { StageHost } from '../../stage/stage.ts'
import type { RunLife } from '../../supervisor/lives.ts'
import type { RunLifeHost } from '../../supervisor/run-lifecycle.ts'
import type { RunOptions } from '../language.ts'
import type { OutletHost } from '../outlet.ts'
import type { SourceHost } from '../sources/source.ts'
import type { Engine } from './engine.ts'
import type { InactivityHost } from './inactivity.ts'
import type { Listening, ListeningHost } from './listening.ts'

/** Functions alone: whoever inspects the life of the run sees what its machine knows, and not the engine. */
export function lifeHost(engine: Engine): RunLifeHost {
  return {
    begin: () => engine.begin(),
    closeInput: () => engine.closeInput(),
    abandonAll: () => engine.abandonAll(),
    killAll: () => engine.killAll(),
    giveUp: () => engine.giveUp(),
    stopping: reason => engine.stopping(reason),
  }
}

export function stageHost(
  engine: Engine,
  lives: RunLife,
  is: Pick<StageHost, 'isCounting' | 'isContained'>,
): StageHost {
  const { report, restarts, outcome, pump, latency } = engine
  return {
    lives,
    ...is,
    failed: (stage, fault) => engine.stageFailed(stage, fault),
    suppressed: error => outcome.suppressed.push(error),
    deadLetter: (stage, failure, isHeard) => report.deadLetter(stage.plan.name, failure, isHeard),
    dropped: (stage, dropped) => report.dropped(stage, dropped),
    itemsEnded: (stage, items, dead) => engine.itemsEnded(stage, items, dead),
    workerFailed: (stage, worker, error) =>
      report.tell({ type: 'worker.failed', stage: stage.plan.name, worker, error }),
    workerRestarted: (stage, worker, times) =>
      report.tell({ type: 'worker.restarted', stage: stage.plan.name, worker, restarts: times }),
    stateLost: (stage, keys) => report.tell({ type: 'state.lost', stage: stage.plan.name, keys }),
    mayRestart: stage => restarts.may(stage),
    backoff: restart => restarts.backoff(restart),
    tooManyRestarts: (stage, cause) => restarts.tooMany(stage, cause),
    restarting: (stage, cause) => restarts.spread(stage, engine.row.stages, cause),
    started: stage => report.tell({ type: 'stage.started', stage: stage.plan.name }),
    ended: stage => engine.stageEnded(stage),
    quiet: () => pump.wake(),
    latency: bornAt => latency.record(Math.max(0, pump.time - bornAt) * 1e6),
  }
}

export function sourceHost(engine: Engine, stage: string): SourceHost {
  const { pump, report } = engine
  return {
    pipeline: engine.name,
    stage,
    clock: pump.clock,
    get time() {
      return pump.now()
    },
    get patience() {
      return Math.min(1_000, engine.grace / 15)
    },
    sourceFailed: (error, sequence) => engine.sourceFailed(error, sequence),
    dropped: dropped => report.dropped(stage, dropped),
    pump: () => pump.run(),
  }
}

export function outletHost(engine: Engine): OutletHost {
  const { pump, outcome } = engine
  return {
    leave: () => engine.leave(),
    readerThrew: (error, position) => engine.readerThrew('output', error, position),
    errorHeard: () => outcome.heard(),
    wake: () => pump.wake(),
    isPumping: () => engine.hasBegun && pump.isHeld,
  }
}

export function listeningHost({ outcome, pump }: Pick<Engine, 'outcome' | 'pump'>): ListeningHost {
  return {
    outcome,
    wake: () => pump.wake(),
  }
}

export function inactivityHost(engine: Engine, inactive: (holders: string[]) => void): InactivityHost {
  const { row } = engine
  return {
    get moves() {
      return row.moves
    },
    get movesInside() {
      return engine.report.movesInside
    },
    get isUnread() {
      return row.last.count > 0
    },
    holders: () => row.holders(),
    inactive,
  }
}

/** An inspector that throws fails the run, as a subscriber does that throws, and is shown nothing more. */
export function inspector(
  listening: Listening,
  inspect: RunOptions['inspect'],
): ((event: InspectionEvent) => void) | undefined {
  if (inspect === undefined) return undefined
  const host = listening.host('inspect')
  let hasThrown = false
  return event => {
    if (hasThrown) return
    try {
      if (typeof inspect === 'function') inspect(event)
      else inspect.next?.(event)
    } catch (error) {
      hasThrown = true
      host.subscriberThrew(error)
    }
  }
}
