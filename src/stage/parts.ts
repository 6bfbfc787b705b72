/**
 * The parts of a stage, and who tells whom what.
 *
 *                    life ──▶ setUp, dismiss ──▶ crew ─▶ workers
 *                     ▲
 *     input ─▶ ways ──┼─ frames ─────────────────────────────────▶ exit ─▶ output
 *                     ├─ lane ───────────────────────────────────▶ exit
 *                     └─ claims ─▶ attempts ─▶ (failures) ─▶ settled ─▶ exit ─▶ committed
 *                          ▲          ▲            │ retry
 *                        keyed        └────────────┘
 *
 * Each part knows those it is given, and tells the others through its host: here is where these are joined.
 */
import { Attempts } from './attempt.ts'
import { Claims } from './claims.ts'
import { Crew, type CrewHost } from './crew.ts'
import { Ending } from './ending.ts'
import { Exit } from './exit.ts'
import { Failures } from './failures.ts'
import { Feeds, type FeedsHost } from './feeds.ts'
import type { StageHost } from './host.ts'
import { Keyed } from './keyed.ts'
import { Keys } from './keys.ts'
import type { StageLife, StageLifeHost } from './life.ts'
import { Meter } from './meter.ts'
import type { StagePlan } from './plan.ts'
import { costMs, type Pump } from './pump.ts'
import type { Stage } from './stage.ts'
import { Ways } from './ways.ts'
import type { WorkHost } from './work.ts'
import { Works } from './works.ts'

/** What works ask for, and what they are told when the stage is torn down. */
export interface StageWorkHost extends WorkHost {
  self: unknown
  aborted: boolean
  reason: unknown
}

export interface Parts {
  pump: Pump
  workHost: StageWorkHost
  works: Works
  keys: Keys
  meter: Meter
  exit: Exit
  crew: Crew
  attempts: Attempts
  failures: Failures
  feeds: Feeds | undefined
  keyed: Keyed | undefined
  claims: Claims
  ways: Ways
  ending: Ending
  life: StageLife
}

/** What a stage needs that is not its own. */
export interface Surroundings {
  readonly pump: Pump
  readonly host: StageHost
  /** The stage behind; absent behind the last. */
  readonly next: StagePlan | undefined
  /** Of the largest frame, in items. */
  readonly frameMost: number
}

/** `begin`: what to do when all workers are set up. */
export function join(stage: Stage, around: Surroundings, begin: () => void): Parts {
  const { plan, input, output } = stage
  const { pump, host, next, frameMost } = around
  const parts = { pump } as Parts
  parts.workHost = workHostOf(stage, parts)
  parts.works = new Works(parts.workHost)
  parts.keys = new Keys(plan.workers)
  parts.meter = new Meter(input, pump.clock)
  parts.exit = exitOf(stage, parts, host, next)
  parts.exit.needsItem = host.isContained
  parts.crew = new Crew(plan, crewHostOf(stage, parts, host, begin))
  parts.attempts = attemptsOf(stage, parts)
  parts.failures = failuresOf(stage, parts, host)
  parts.feeds = plan.body.kind === 'feed' ? new Feeds(plan.body.open, feedsHostOf(stage, parts)) : undefined
  parts.keyed = keyedOf(stage, parts)
  parts.claims = new Claims(stage, parts, host)
  parts.ways = new Ways(stage, parts, host, frameMost)
  parts.ending = new Ending(stage, parts, host)
  parts.life = host.lives.stage(`${plan.pipeline}/${plan.name}`, lifeHostOf(stage, parts, host))
  input.onItems = () => parts.ways.came()
  input.readerWaits = () => parts.claims.isWaiting
  output.onRoom = () => stage.wake()
  return parts
}

/** Whether the workers of a body over the whole stream live elsewhere: then each of them has a feed of its own. */
function isRemote({ plan }: Stage): boolean {
  return plan.body.kind === 'feed' && plan.body.remote !== undefined
}

function lifeHostOf(stage: Stage, parts: Parts, host: StageHost): StageLifeHost {
  return {
    entered: phase => {
      stage.phase = phase
    },
    setUp: () => parts.crew.start(parts.life),
    started: () => {
      // Whoever hears of it may hand in items: these are handled when this verb has returned.
      const wasHeld = parts.pump.hold()
      host.started(stage)
      stage.wake()
      if (!wasHeld) queueMicrotask(() => parts.pump.letGo(false))
    },
    abandon: reason => parts.ending.abandon(reason),
    dismiss: () => parts.crew.dismiss(),
    ended: () => host.ended(stage),
  }
}

function crewHostOf(stage: Stage, parts: Parts, host: StageHost, ready: () => void): CrewHost {
  return {
    ready,
    workerFailed: (worker, error) => host.workerFailed(stage, worker.index, error),
    workerGone: worker => {
      parts.failures.loseState(worker)
      if (isRemote(stage)) parts.feeds?.suspend(worker, undefined)
    },
    workerRestarted: worker => {
      host.workerRestarted(stage, worker.index, worker.restarts)
      parts.feeds?.resume(worker)
      parts.keyed?.employ(worker)
      stage.wake()
    },
    died: (worker, error, isCharged) => stage.died(worker, error, isCharged),
    freed: worker => {
      parts.keyed?.employ(worker)
      stage.wake()
    },
    mayRestart: () => host.mayRestart(stage),
    backoff: restart => host.backoff(restart),
    gaveUp: (worker, error) => parts.ending.stop({ error, worker: worker.index, sequence: undefined, attempts: 1 }),
    exhausted: error => host.tooManyRestarts(stage, error),
    stopped: failures => {
      for (const { worker, error } of failures) {
        host.failed(stage, { error, worker, sequence: undefined, attempts: 1 })
      }
      parts.life.send({ type: 'stopped' })
    },
  }
}

function workHostOf(stage: Stage, parts: Parts): StageWorkHost {
  const { pump } = parts
  return {
    resolved: (work, value) => {
      const wasHeld = pump.hold()
      parts.attempts.resolved(work, value)
      pump.letGo(wasHeld)
    },
    rejected: (work, error) => {
      const wasHeld = pump.hold()
      parts.failures.threw(work, error)
      pump.letGo(wasHeld)
    },
    progressed: work => {
      if (work.over) return
      work.startedAt = pump.clock.now()
      stage.progress++
    },
    forgot: () => parts.ways.interrupt(),
    endOfBatch: sequence => sequence === stage.input.arrived - stage.input.skipped - 1,
    clock: pump.clock,
    self: undefined,
    aborted: false,
    reason: undefined,
  }
}

function exitOf(stage: Stage, parts: Parts, host: StageHost, next: StagePlan | undefined): Exit {
  const { plan, index, output } = stage
  return new Exit(plan, index, next, output, parts.pump, parts.works, {
    committed: work => parts.claims.committed(work),
    stopped: work => parts.ending.stoppedBy(work),
    overflowed: error => parts.ending.stop({ error, worker: 0, sequence: undefined, attempts: 1 }),
    deadLetter: (failure, isHeard) => host.deadLetter(stage, failure, isHeard),
    dropped: (name, count) => host.dropped(name, count),
    left: bornAt => host.latency(bornAt),
    resume: work => parts.attempts.resume(work),
    advanced: () => parts.keyed?.employAll(),
    isLowest: work => parts.works.all().every(other => other.isFlush || other.sequence >= work.sequence),
  })
}

function attemptsOf(stage: Stage, parts: Parts): Attempts {
  const { pump } = parts
  return new Attempts(stage.plan, {
    settled: work => parts.claims.settled(work),
    threw: (work, error) => parts.failures.threw(work, error),
    refused: (work, error) => parts.failures.refused(work, error),
    hold: () => {
      pump.spend(costMs)
      return pump.hold()
    },
    letGo: wasHeld => pump.letGo(wasHeld),
    leave: work => void parts.exit.leave(work),
    holdBack: work => parts.exit.holdBack(work),
    patience: work => {
      const patience = parts.exit.patience(work)
      pump.spend(costMs)
      if (patience <= 0 || stage.plan.emit === 'whole' || pump.mayGoOn) return patience
      // The event loop has to turn first; then the pump comes back to it.
      stage.wake()
      return 0
    },
  })
}

function failuresOf(stage: Stage, parts: Parts, host: StageHost): Failures {
  return new Failures(stage.plan, stage.index, parts.pump, parts.works, parts.keys, {
    begin: work => parts.attempts.begin(work),
    settled: work => parts.claims.settled(work),
    orphaned: work => parts.claims.orphaned(work),
    restart: (worker, error) => {
      parts.crew.restart(worker, error)
      parts.ways.revoke()
      host.restarting(stage, error)
    },
    suppressed: error => host.suppressed(error),
    stateLost: keys => host.stateLost(stage, keys),
    wake: () => stage.wake(),
    replaced: (work, reason) => {
      parts.exit.streams.delete(work)
      parts.feeds?.drop(work, reason)
    },
  })
}

function keyedOf(stage: Stage, parts: Parts): Keyed | undefined {
  const { plan, input } = stage
  const { crew, keys, works, exit, failures } = parts
  if (!plan.keyOf) return undefined
  return new Keyed(
    plan,
    plan.keyOf,
    { input, crew, keys, works, exit, failures },
    {
      take: (work, worker) => parts.claims.take(work, worker),
      begin: work => parts.claims.start(work),
      run: work => parts.claims.run(work),
    },
  )
}

function feedsHostOf(stage: Stage, parts: Parts): FeedsHost {
  const { plan } = stage
  return {
    get isOver() {
      return parts.works.isOver
    },
    makeContext: worker => {
      const work = parts.works.make()
      work.worker = worker
      return work
    },
    emit: (work, value) => parts.attempts.emit(work, value),
    extra: (value, work) => {
      parts.exit.extra(value, work, work?.sequence ?? stage.received)
      stage.wake()
    },
    leftOver: work => parts.ending.leftOver(work),
    settled: work => parts.claims.settled(work),
    failed: (worker, work, error) => {
      if (!work) return parts.ending.stop({ error, worker: worker.index, sequence: undefined, attempts: 1 })
      work.attempts = plan.attempts
      parts.failures.giveUp(work, error)
      if (!parts.works.isFailing && !parts.works.isOver) {
        if (worker.restarting && isRemote(stage)) parts.feeds!.suspend(worker, error)
        else parts.feeds!.open(worker)
      }
      stage.wake()
    },
    ended: () => stage.wake(),
    room: work => parts.exit.room(work),
  }
}
