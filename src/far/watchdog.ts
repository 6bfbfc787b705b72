/** A thread in a worker's process: ends it when its parent is gone, whatever its handler does. */
import { workerData } from 'node:worker_threads'

const often = 500 // ms

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL')
}, often)
