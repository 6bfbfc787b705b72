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
      ['settle', 'table.down?.bell.wake();', ''],
      ['settle', 'each.bell.wake();', '0;'],
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
    changes: [['settle', 'table.publish();\n', '\n']],
    fails: 'a worker that dies twice',
  },
  {
    name: 'commits before the outputs are written down',
    changes: [
      [
        'seat',
        'this.#outputs.keep();\n        this.#words.set(this.#claims.record + R.HANDLED, handled);\n        return this.#claims.letGo(isDone);',
        'this.#words.set(this.#claims.record + R.HANDLED, handled); const was = this.#claims.letGo(isDone); this.#outputs.keep(); return was;',
      ],
    ],
    fails: 'two stages of two',
  },
  {
    name: 'commits without a compare',
    changes: [
      [
        'claims',
        'if (!words.swap(table.claimAt(this.frame), word, isDone ? done(word) : givenBack(word, this.seat)))\n            return false;',
        'words.store(table.claimAt(this.frame), isDone ? done(word) : givenBack(word, this.seat));',
      ],
    ],
    fails: 'workers suspected',
  },
  {
    name: 'cuts without a compare',
    changes: [
      [
        'claims',
        'if (!words.swap(table.claimAt(frame), word, mine))\n            return false;',
        'words.store(table.claimAt(frame), mine);',
      ],
    ],
    fails: 'two workers, one item',
  },
  {
    name: 'does not tell two claims of a frame apart',
    changes: [['claim-word', '((word + 0x100) & 0xf00)', '(word & 0xf00)']],
    fails: 'parts of frames, deaths',
  },
  {
    name: 'frees what it reads when it claims',
    changes: [
      [
        'cut',
        'table.hintFront((frame + 1) | 0);',
        'table.hintFront((frame + 1) | 0); for (let f = fromSlot; up && f !== toSlot; f = (f + 1) | 0) up.free(f);',
      ],
    ],
    fails: 'two stages of two',
  },
  {
    name: 'frees in a lap that it did not look at',
    changes: [
      ['slots', 'if (lapOf(word) !== this.lap(frame) || stateOf(word) !== DONE)', 'if (stateOf(word) !== DONE)'],
    ],
    fails: 'few slots',
  },
  {
    name: 'forgets what was given back',
    changes: [['seat', 'this.#claims.takeReturned() ? FRAME : this.#cutter.next(most)', 'this.#cutter.next(most)']],
    fails: 'a worker that dies twice',
  },
  {
    name: 'takes what a dead worker had begun to write down for finished',
    changes: [['settle', 'for (const field of finished)', 'for (const field of [])']],
    fails: 'a worker that dies twice',
  },
  {
    name: 'tries an item again that is given up',
    changes: [['settle', 'verdict ? PASSED_OVER : TRIED', 'TRIED']],
    fails: 'a worker that dies twice',
  },
  {
    name: 'looks whether its input is over after it has looked at the input',
    changes: [
      [
        'cut',
        'const isOver = up?.isOver ?? table.isOver;',
        'const end0 = up?.published; const isOver = up?.isOver ?? table.isOver;',
      ],
      ['cut', 'const end = up.published;', 'const end = end0;'],
    ],
    fails: 'a source and a worker',
  },
  {
    name: 'says that it is over while others still work',
    changes: [['cut', 'if (table.published !== frame)\n            return NOTHING;', '']],
    fails: 'two stages of two',
  },
  {
    name: 'never spills',
    changes: [['outputs', 'mustSpill ? this.#segments.spill(room, frame) : undefined', 'undefined']],
    fails: 'arenas of one item',
  },
  {
    name: 'takes back what is still read',
    changes: [['arena', 'if (!this.#table.isPast(this.#get(entry)))\n                break;', '']],
    fails: 'more and fewer items',
  },
  {
    name: 'notes a region only after its commit',
    changes: [
      ['outputs', 'this.#arena.keep(this.#claims.frame);', ''],
      ['outputs', 'keep() {', 'note(frame) { if (this.count > 0) this.#arena.keep(frame); }\n    keep() {'],
      [
        'seat',
        'return this.#claims.letGo(isDone);',
        'const { frame } = this; const was = this.#claims.letGo(isDone); this.#outputs.note(frame); return was;',
      ],
    ],
    fails: 'deaths, long frames',
  },
  {
    name: 'never gives back what filters left empty',
    changes: [['cut', 'if (empty === 0 || (empty * 2 < up.slots && !isOver))', 'if (true)']],
    fails: 'nothing comes out',
  },
  {
    name: 'publishes what comes after the last frame',
    changes: [['table', 'if (stateOf(word) !== DONE || this.#endsAt(frame))', 'if (stateOf(word) !== DONE)']],
    fails: 'two workers, one of which stops',
  },
  {
    name: 'says that it is over before the last frame is published',
    changes: [['table', ' && this.published === this.words.load(this.base + END)', '']],
    fails: 'a reader of what came before a stop',
  },
  {
    name: 'lets those work for ever whom nobody reads',
    changes: [['seat', 'return this.table.isOver || this.table.isForNobody', 'return this.table.isOver']],
    fails: 'a source before a worker that stops',
  },
  {
    name: 'tells only its neighbours that it ends',
    changes: [['table', 'table = isOver ? table.up : undefined', 'table = undefined']],
    fails: 'the last of three stages stops',
  },
  {
    name: 'takes the last frame of a dead worker for published',
    changes: [
      ['table', 'const isLast = words.load(record + HANDLED) === LAST;', 'const isLast = false;'],
      [
        'seat',
        'return this.#claims.letGo(isDone);',
        'const was = this.#claims.letGo(isDone); if (was && handled === R.LAST) this.table.close(); return was;',
      ],
    ],
    fails: 'a worker that stops',
  },
  {
    name: 'passes over what it is to stop at',
    changes: [['settle', "verdict === 'stop' ? STOPS :", '']],
    fails: 'a worker that stops at what kills it',
  },
  {
    name: 'waits for room that nobody will make',
    changes: [['seat', 'if (this.isOver)\n                return false;', '']],
    fails: 'the last of three stages stops',
  },
  {
    name: 'never flushes',
    changes: [['cut', 'isAtEnd && table.flushes &&', 'false &&']],
    fails: 'a worker that flushes',
  },
  {
    name: 'flushes again',
    changes: [['cut', '&& !isFlush(words, last)', '&& this.#claims.frame !== frame']],
    fails: 'a worker that flushes',
  },
  {
    name: 'takes a flush for nothing',
    changes: [['seat', 'this.items === 0 && !this.isFlush', 'this.items === 0']],
    fails: 'a worker that flushes',
  },
  {
    name: 'gives a part of a frame back without a word',
    changes: [['claims', 'table.giveBack();', '0;']],
    fails: 'one of two workers leaves',
  },
  {
    name: 'counts what it gives back, and does not ring',
    changes: [['table', 'this.countReturned();\n        this.bell.ring();', 'this.countReturned();']],
    fails: 'one of two workers leaves',
  },
  {
    name: 'takes a part of a frame for all of it',
    changes: [['seat', 'this.#commit(handled, handled >= this.items)', 'this.#commit(handled, true)']],
    fails: 'a worker that gives back what it has not handled',
  },
  {
    name: 'takes all of a piece for handled',
    changes: [['seat', 'R.HANDLED, handled)', 'R.HANDLED, handled < 0 ? handled : this.pieceEnd)']],
    fails: 'a worker that gives back what it has not handled',
  },
  {
    name: 'stops at the end of its piece, and not at once',
    changes: [['seat', 'return this.#commit(R.LAST, true)', 'return this.commit()']],
    fails: 'parts of frames, a stop',
  },
  {
    name: 'takes nothing back',
    changes: [['outputs', 'if (count >= this.#count)', 'if (true)']],
    fails: 'a worker that takes back what it put',
  },
  {
    name: 'takes back what was never put',
    changes: [['outputs', 'if (count >= this.#count)\n            return;', '']],
    fails: 'a worker that takes back what it put',
  },
  {
    name: 'keeps its list behind what it took back',
    changes: [
      ['outputs', 'this.#listSegment = this.#chunks[last];', ''],
      ['outputs', 'this.#listOffset = this.#chunks[last + 1] + aligned(this.#chunks[last + 2]);', ''],
    ],
    fails: 'a worker that takes back what it put',
  },
  {
    name: 'waits although its own later frames fill the arena',
    changes: [['arena', '&& ((this.#get(entryAt(oldest)) - published) | 0) < 0', '']],
    fails: 'a small arena, full of what comes behind',
  },
  {
    name: 'waits although what fills the arena is of the frame itself',
    changes: [['arena', '- published) | 0) < 0', '- published) | 0) <= 0']],
    fails: 'parts of frames, deaths',
  },
  {
    name: 'waits for an empty arena that is too small',
    changes: [['arena', 'return oldest !== this.#get(NEXT) && (', 'return (']],
    fails: 'arenas of one item',
  },
  {
    name: 'keeps a region for a frame that leads to nothing',
    changes: [
      [
        'outputs',
        'if (this.#count === 0)\n            return;',
        'if (this.#count === 0) return this.#arena.keep(this.#claims.frame);',
      ],
    ],
    fails: 'room that is reserved in vain',
  },
  {
    name: 'shows what was written over meanwhile',
    changes: [['view', 'if (table.front() === front)', 'if (true)']],
    fails: 'looked at from outside',
  },
  {
    name: 'shows what is settled as of a frame that was published since',
    changes: [
      ['view', 'if (table.published === published && words.load(table.claimAt(published)) === word)', 'if (true)'],
    ],
    fails: 'looked at from outside',
  },
  {
    name: 'compares frame numbers as if they did not wrap',
    changes: [['cut', '((end - toSlot) | 0) > 0', 'end > toSlot']],
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
  const [{ Bell }, { Table }, { Seat }, view] = await Promise.all(['bell', 'table', 'seat', 'view'].map(load))
  rmSync(folder, { recursive: true })
  return { Bell, Table, Seat, view }
}
