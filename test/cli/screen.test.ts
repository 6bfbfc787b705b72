import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Screen } from '../../src/cli/screen.ts'

const screen = suite('Screen')

screen('writes its lines anew where they stand', () => {
  const [terminal, screen] = [new Terminal(), new Screen()]
  terminal.write('before\n')
  terminal.write(screen.draw(['one', 'two', 'three'], 20))
  terminal.write(screen.draw(['1', 'two and a half'], 20))
  assert.equal(terminal.lines, ['before', '1', 'two and a half', ''])
  terminal.write(screen.clear(20))
  terminal.write('after\n')
  assert.equal(terminal.lines, ['before', 'after', ''])
  assert.is(screen.clear(20), '', 'there is nothing to clear')
})

screen('finds its first line on a terminal that was made narrower', () => {
  const screen = new Screen()
  screen.draw(['1234567890', '12', '\u001b[1m1234567\u001b[22m'], 20)
  assert.is(screen.clear(4), '\r\u001b[6A\u001b[J', 'three rows, one and two')
})

screen('leaves what stands there when it is told to', () => {
  const [terminal, screen] = [new Terminal(), new Screen()]
  terminal.write(screen.draw(['one'], 20))
  screen.leave()
  terminal.write(screen.draw(['two'], 20))
  assert.equal(terminal.lines, ['one', 'two', ''])
})

screen('changes nothing of a terminal that would have to be put right again', () => {
  const screen = new Screen()
  const written = screen.draw(['one'], 20) + screen.draw(['two'], 20) + screen.clear(20)
  assert.not.ok(written.includes('\u001b[?'), 'no mode: neither the cursor nor the screen')
})

screen.run()

/** As much of a terminal as it takes: lines, up, to the start, erase to the end of line and screen. */
class Terminal {
  lines: string[] = ['']
  #row = 0
  #column = 0

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal is told
    for (const [, up, erase, piece] of text.matchAll(/\u001b\[(\d+)A|\u001b\[([KJ])|([\s\S])/g)) {
      const line = this.lines[this.#row] ?? ''
      if (up) this.#row -= Number(up)
      else if (erase) {
        this.lines[this.#row] = line.slice(0, this.#column)
        if (erase === 'J') this.lines.length = this.#row + 1
      } else if (piece === '\r') this.#column = 0
      else if (piece === '\n') [this.#row, this.#column] = [this.#row + 1, 0]
      else this.lines[this.#row] = line.slice(0, this.#column) + piece + line.slice(++this.#column)
      while (this.lines.length <= this.#row) this.lines.push('')
    }
  }
}
