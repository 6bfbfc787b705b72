/** What the explorer is to see: all of the small cases, and walks at random through the larger ones. */
import type { Config } from './scenarios.ts'

const same = (item: number) => [item]
const one = { workers: 1, does: same }
const two = { workers: 2, does: same }
const mortal = { ...two, isMortal: true }

export const whole = {
  'a worker and a reader': { items: 2, stages: [one], isFilled: true },
  'two workers, one item': { items: 1, stages: [two], isFilled: true, isReadAfter: true, slots: 4 },
  'a source and a worker': { items: 2, stages: [one], isReadAfter: true, slots: 4 },
  'a worker that dies twice': {
    items: 2,
    stages: [{ ...one, isMortal: true }],
    isFilled: true,
    isReadAfter: true,
    slots: 4,
    deaths: 2,
    perItem: 2,
  },
  'two stages': { items: 2, stages: [one, one], isFilled: true, isReadAfter: true, slots: 4 },
} satisfies Record<string, Config>

/** Too many states for every build: `npm run torture -- ring`. */
export const long = {
  'two workers, two items': { items: 2, stages: [two], isFilled: true, isReadAfter: true, slots: 4 },
  'two workers, one death': { items: 1, stages: [mortal], isFilled: true, isReadAfter: true, slots: 4, deaths: 1 },
  'a source, a worker, a reader': { items: 2, stages: [one] },
} satisfies Record<string, Config>

export const walks = {
  'two stages of two': { items: 5, stages: [two, two], slots: 4 },
  'few slots': { items: 5, stages: [two] },
  deaths: { items: 6, stages: [mortal], deaths: 3, perItem: 9 },
  'deaths, long frames': {
    items: 9,
    stages: [
      { ...mortal, most: 3 },
      { ...mortal, most: 3 },
    ],
    deaths: 6,
    perItem: 9,
    chunk: 2,
    slots: 4,
    arenaBytes: 256,
  },
  'items given up': { items: 4, stages: [{ ...mortal, most: 4 }], deaths: 5, perItem: 2, chunk: 2, arenaBytes: 256 },
  'deaths in one frame': {
    items: 3,
    stages: [{ ...mortal, most: 3 }],
    isFilled: true,
    isReadAfter: true,
    deaths: 4,
    perItem: 9,
    chunk: 3,
    slots: 4,
    arenaBytes: 256,
  },
  'workers suspected': { items: 6, stages: [mortal], suspicions: 3, deaths: 1, perItem: 9, arenaBytes: 128 },
  'more and fewer items': {
    items: 6,
    stages: [
      { workers: 2, does: item => [item, item + 10, item + 20] },
      { workers: 2, does: item => (item % 3 ? [] : [item]) },
    ],
    slots: 4,
    arenaBytes: 128,
  },
  'nothing comes out': { items: 8, stages: [{ workers: 2, does: () => [] }] },
  'arenas too small': { items: 6, stages: [two], slots: 4, arenaBytes: 32, spills: 6 },
  'arenas of one item': { items: 5, stages: [two, one], slots: 4, arenaBytes: 16, spills: 6 },
  'room for one item': { items: 6, stages: [two, two], slots: 4, capacity: 1 },
  'frame numbers that wrap': { items: 9, stages: [two, two], slots: 4, first: -4 },
  'frame numbers that change their sign': { items: 9, stages: [two, two], slots: 4, first: 0x7ffffffc, arenaBytes: 32 },
} satisfies Record<string, Config>

export type Case = keyof typeof whole | keyof typeof walks
export const cases: Record<Case, Config> = { ...whole, ...walks }
