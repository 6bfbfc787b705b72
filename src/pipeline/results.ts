/**
 * An Observable whose direct subscribers belong to the run.
 *
 * RxJS reports what a subscriber's `next` throws elsewhere, and goes on; and it makes an error that a subscriber has no
 * handler for an uncaught exception. Here the first fails the run, and the second is left to `done`. That holds for what
 * is piped from it too, as far as RxJS operators `lift` it.
 */
import { Observable, type Observer, type Operator, Subscriber, Subscription } from 'rxjs'

/** Who is behind it: attaches an observer, and gives back how to detach it. */
export interface ResultsHost<T> {
  attach(observer: Listener<T>): () => void
  /** A subscriber's `next` or `complete` threw. */
  subscriberThrew(error: unknown): void
  /** A subscriber has a handler for errors, so that one it is given counts as heard. */
  errorHeard(): void
}

export interface Listener<T> {
  next(value: T): void
  error(error: unknown): void
  complete(): void
}

export class Results<T> extends Observable<T> {
  readonly #host: ResultsHost<any>

  constructor(host: ResultsHost<any>) {
    super(subscriber =>
      host.attach({
        next: value => subscriber.next(value),
        error: error => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    )
    this.#host = host
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new Results<R>(this.#host)
    lifted.source = this
    lifted.operator = operator as Operator<any, R>
    return lifted
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: any) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext)
    const observer: Partial<Observer<T>> =
      typeof observerOrNext === 'function' || !observerOrNext
        ? {
            ...(observerOrNext && { next: observerOrNext }),
            ...(error && { error }),
            ...(complete && { complete }),
          }
        : observerOrNext
    return this.operator ? this.#throughRxjs(observer) : this.#direct(observer)
  }

  #guarded<A>(call: ((argument: A) => void) | undefined): (argument: A) => void {
    const host = this.#host
    if (!call) return () => {}
    return argument => {
      try {
        call(argument)
      } catch (error) {
        host.subscriberThrew(error)
      }
    }
  }

  #direct(observer: Partial<Observer<T>>): Subscription {
    const subscription = new Subscription()
    const detach = this.#host.attach({
      next: this.#guarded(observer.next?.bind(observer)),
      error: error => {
        if (observer.error) this.#host.errorHeard()
        this.#guarded(observer.error?.bind(observer))(error)
        subscription.unsubscribe()
      },
      complete: () => {
        this.#guarded<void>(observer.complete?.bind(observer))()
        subscription.unsubscribe()
      },
    })
    subscription.add(detach)
    return subscription
  }

  #throughRxjs(observer: Partial<Observer<T>>): Subscription {
    return super.subscribe({
      next: this.#guarded(observer.next?.bind(observer)),
      error: error => {
        if (observer.error) this.#host.errorHeard()
        this.#guarded(observer.error?.bind(observer))(error)
      },
      complete: () => this.#guarded<void>(observer.complete?.bind(observer))(),
    })
  }
}
