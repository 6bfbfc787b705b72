/**
 * Mistakes that one can make in src/ring: the code that ships, with a line changed. Each must fail the case that it names.
 *
 * A change names the text it replaces, as the compiler wrote it; it must be there exactly once.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Case } from './cases.ts'
import type { Ring } from './scenarios.ts'

export interface Mutant {
  readonly name: string
  /** Files of src/ring, without their ending: what becomes what. */
  readonly changes: readonly (readonly [file: string, from: string, to: string])[]
  readonly fails: Case
}

export const mutants: readonly Mutant[] = [
  {
    name: 'parks without a second look',
    changes: [['seat', 'const late = this.claim(most)', 'const late = NOTHING']],
    fails: 'a worker and a reader',
  },
  {
    name: 'rings before it has published',
    changes: [
      ['table', 'let hasMoved = false;', 'let hasMoved = false; this.ring();'],
      ['table', 'if (hasMoved)\n            this.ring();', ''],
    ],
    fails: 'a worker and a reader',
  },
  {
    name: 'rings nobody',
    changes: [['bell', 'this.words.notify(this.at);\n    }\n    /** Rings for', '0;\n    }\n    /** Rings for']],
    fails: 'a worker and a reader',
  },
  {
    name: 'wakes nobody after a death',
    changes: [
      ['table', 'this.up?.bell.wake();', ''],
      ['table', 'this.bell.wake();', ''],
      ['table', 'this.down?.bell.wake();', ''],
    ],
    fails: 'deaths',
  },
  {
    name: 'only rings after a death, though the dead may have rung already',
    changes: [['bell', 'this.ring();\n        this.words.notify(this.at);', 'this.ring();']],
    fails: 'deaths',
  },
  {
    name: 'publishes nothing after a death',
    changes: [['table', 'this.publish();\n        this.up', 'this.up']],
    fails: 'a worker that dies twice',
  },
  {
    name: 'commits before the outputs are written down',
    changes: [
      ['seat', 'this.#list(record);\n', '\n'],
      [
        'seat',
        'if (isDone)\n            table.publish();',
        'this.#list(record); if (isDone)\n            table.publish();',
      ],
    ],
    fails: 'two stages of two',
  },
  {
    name: 'commits without a compare',
    changes: [
      [
        'seat',
        'if (!words.swap(table.claimAt(frame), word, isDone ? done(word) : givenBack(word, this.seat)))\n            return false;',
        'words.store(table.claimAt(frame), isDone ? done(word) : givenBack(word, this.seat));',
      ],
    ],
    fails: 'workers suspected',
  },
  {
    name: 'cuts without a compare',
    changes: [
      [
        'seat',
        'if (!this.#words.swap(this.table.claimAt(frame), word, mine))\n            return false;',
        'this.#words.store(this.table.claimAt(frame), mine);',
      ],
    ],
    fails: 'two workers, one item',
  },
  {
    name: 'does not tell two claims of a frame apart',
    changes: [['claim-word', '((word + 0x100) & 0xf00)', '(word & 0xf00)']],
    fails: 'deaths in one frame',
  },
  {
    name: 'frees what it reads when it claims',
    changes: [
      [
        'seat',
        'table.hintFront((frame + 1) | 0);',
        'table.hintFront((frame + 1) | 0); for (let f = fromSlot; up && f !== toSlot; f = (f + 1) | 0) up.free(f);',
      ],
    ],
    fails: 'two stages of two',
  },
  {
    name: 'frees in a lap that it did not look at',
    changes: [
      ['table', 'if (lapOf(word) !== this.lap(frame) || stateOf(word) !== DONE)', 'if (stateOf(word) !== DONE)'],
    ],
    fails: 'few slots',
  },
  {
    name: 'forgets what was given back',
    changes: [['seat', 'this.#reclaim() ? FRAME : this.#cut(most)', 'this.#cut(most)']],
    fails: 'a worker that dies twice',
  },
  {
    name: 'takes what a dead worker had begun to write down for finished',
    changes: [['table', 'for (const field of finished)', 'for (const field of [])']],
    fails: 'a worker that dies twice',
  },
  {
    name: 'tries an item again that is given up',
    changes: [
      ['table', 'isGivenUp(this.sequenceOf(from) + hand) ? 1 : 0', '(isGivenUp(this.sequenceOf(from) + hand), 0)'],
    ],
    fails: 'a worker that dies twice',
  },
  {
    name: 'looks whether its input is over after it has looked at the input',
    changes: [
      [
        'seat',
        'const isOver = up?.isOver ?? table.isOver;',
        'const end0 = up?.published; const isOver = up?.isOver ?? table.isOver;',
      ],
      ['seat', 'const end = up.published;', 'const end = end0;'],
    ],
    fails: 'a source and a worker',
  },
  {
    name: 'says that it is over while others still work',
    changes: [['seat', 'if (table.published !== frame)\n            return NOTHING;', '']],
    fails: 'two stages of two',
  },
  {
    name: 'never spills',
    changes: [['seat', 'this.isLowest ? this.#segments.spill(whole) : undefined', 'undefined']],
    fails: 'arenas of one item',
  },
  {
    name: 'takes back what is still read',
    changes: [
      [
        'arena',
        'if (lapOf(this.#words.load(this.#table.claimAt(frame))) === this.#table.lap(frame))\n                break;',
        '',
      ],
    ],
    fails: 'more and fewer items',
  },
  {
    name: 'notes a region only after its commit',
    changes: [
      ['seat', 'this.#arena.keep(frame);\n', '\n'],
      [
        'seat',
        'if (isDone)\n            table.publish();',
        'if (isDone) table.publish(); this.#arena.keep(frame); if (isDone);',
      ],
    ],
    fails: 'deaths, long frames',
  },
  {
    name: 'never gives back what filters left empty',
    changes: [['seat', 'if (empty === 0 || (empty * 2 < up.slots && !isOver))', 'if (true)']],
    fails: 'nothing comes out',
  },
  {
    name: 'compares frame numbers as if they did not wrap',
    changes: [['seat', '((end - toSlot) | 0) > 0', 'end > toSlot']],
    fails: 'frame numbers that change their sign',
  },
  {
    name: 'compares places in the arena as if they did not wrap',
    changes: [['arena', 'return (place - this.#get(TAIL)) | 0', 'return place - this.#get(TAIL)']],
    fails: 'frame numbers that change their sign',
  },
]

const shipped = fileURLToPath(new URL('../../src/ring/', import.meta.url))

/** Below dist, where its modules find what they import. */
export async function mutated({ changes }: Mutant): Promise<Ring> {
  const folder = mkdtempSync(join(shipped, '../mutant-'))
  cpSync(shipped, folder, { recursive: true, filter: path => !/\.(map|ts)$/.test(path) })
  for (const [file, from, to] of changes) {
    const path = join(folder, `${file}.js`)
    const text = readFileSync(path, 'utf8')
    const parts = text.split(from)
    if (parts.length !== 2) throw new Error(`${file}.js has ${parts.length - 1} times what is to be changed: ${from}`)
    writeFileSync(path, parts.join(to))
  }
  const load = (file: string) => import(pathToFileURL(join(folder, `${file}.js`)).href)
  const [{ Bell }, { Table }, { Seat }] = await Promise.all([load('bell'), load('table'), load('seat')])
  rmSync(folder, { recursive: true })
  return { Bell, Table, Seat }
}
