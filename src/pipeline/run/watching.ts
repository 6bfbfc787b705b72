/** What enters a stage, for those who watch: nobody waits for them, and nothing is done for them while nobody does. */
import type { Observable } from 'rxjs'
import type { Entered } from '../../channel/channel.ts'
import type { AnyStage } from '../../stage/host.ts'
import { Broadcast } from '../broadcast.ts'
import type { Listening } from './listening.ts'

export class Watching {
  readonly #listening: Listening
  /** One for each stage that was ever watched. */
  readonly #broadcasts = new Map<AnyStage, Broadcast<Entered>>()
  #isOver = false

  constructor(listening: Listening) {
    this.#listening = listening
  }

  of(stage: AnyStage): Observable<Entered> {
    const known = this.#broadcasts.get(stage)
    if (known) return known.observable
    let unwatch = () => {}
    const broadcast = new Broadcast<Entered>({
      ...this.#listening.host(`channel(${stage.plan.name})`),
      attached: () => {
        unwatch()
        if (!this.#isOver) unwatch = stage.input.watch(entered => broadcast.next(entered))
      },
      deserted: () => unwatch(),
    })
    this.#broadcasts.set(stage, broadcast)
    if (this.#isOver) broadcast.complete()
    return broadcast.observable
  }

  end(): void {
    this.#isOver = true
    for (const broadcast of this.#broadcasts.values()) broadcast.complete()
  }
}
