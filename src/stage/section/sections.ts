/**
 * Which neighbouring stages are a section, and their making.
 *
 *     inline ─▶ threads ─▶ threads ─▶ inline ─▶ threads, keyed ─▶ threads
 *               └──── section ────┘                               └ section
 */
import type { Channel } from '../../channel/channel.ts'
import type { StageHost } from '../host.ts'
import type { StagePlan } from '../plan.ts'
import type { Pump } from '../pump.ts'
import { Section } from './section.ts'
import { SectionStage } from './section-stage.ts'

/** Stages number `from` up to `to`. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

export function sectionsOf(plans: readonly StagePlan[], channels: readonly Channel[], may: boolean): Stretch[] {
  const stretches: Stretch[] = []
  // What goes in and what comes out must be items alone, and whoever writes must wait where there is no room.
  const isSeated = (index: number) =>
    may && plans[index]?.seated !== undefined && !channels[index]!.tagged && !channels[index + 1]!.tagged
  const mayWait = (index: number) => (plans[index]?.overflow ?? 'wait') === 'wait'
  for (let from = 0; from < plans.length; from++) {
    let to = from
    while (isSeated(to) && (to === from || mayWait(to))) to++
    if (to > from && !mayWait(to)) to--
    if (to === from) continue
    stretches.push({ from, to })
    from = to - 1
  }
  return stretches
}

export function sectionStages(
  { from, to }: Stretch,
  plans: readonly StagePlan[],
  channels: readonly Channel[],
  pump: Pump,
  host: StageHost,
): SectionStage[] {
  const own = plans.slice(from, to)
  const stages: SectionStage[] = []
  const last = () => stages.at(-1)!
  const between = { input: channels[from]!, output: channels[to]! }
  const section = new Section(own, between, pump, () => last().wake(), {
    latency: bornAt => {
      if (to === plans.length) host.latency(bornAt)
    },
    ended: () => last().isOut(),
    spilled: spilled => {
      for (const stage of stages) stage.told(spilled)
    },
    looked: () => {
      for (const stage of stages) stage.looked()
    },
    hold: isHeld => {
      for (const stage of stages) stage.hold(isHeld)
    },
  })
  for (const [n, plan] of own.entries()) {
    const index = from + n
    const place = { section, row: n + 1, isFirst: n === 0, isLast: n === own.length - 1 }
    stages.push(
      new SectionStage(plan, { input: channels[index]!, output: channels[index + 1]! }, index, place, pump, host),
    )
  }
  between.input.onItems = () => stages[0]!.wake()
  between.output.onRoom = () => last().wake()
  return stages
}
