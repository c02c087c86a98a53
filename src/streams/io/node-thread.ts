import { parentPort, Worker, workerData } from 'node:worker_threads'

/** A thread that runs `program` and is told `data` at its start. */
export const startThread = (program: URL, data: unknown) => {
  // of the program's own flags some would stop a thread from loading a file, as --input-type does
  const worker = new Worker(program, { workerData: data, execArgv: [] })
  let gone = false
  const onGone: ((cause: unknown) => void)[] = []
  const end = (cause: unknown): void => {
    if (gone) return
    gone = true
    for (const then of onGone) then(cause)
  }
  worker.on('error', end)
  worker.on('messageerror', end)
  worker.on('exit', (code) => end(new Error(`it exited with ${code}`)))
  return {
    post: (batch: readonly unknown[], transfer: readonly ArrayBuffer[]): void => {
      if (!gone) worker.postMessage(batch, transfer)
    },
    listen: (hear: (batch: readonly unknown[]) => void): void => {
      worker.on('message', hear)
    },
    whenGone: (then: (cause: unknown) => void): void => {
      onGone.push(then)
    },
    hold: (on: boolean): void => {
      if (on) worker.ref()
      else worker.unref()
    },
    terminate: async (): Promise<void> => {
      gone = true
      await worker.terminate()
    },
  }
}

/** The same thread from inside. */
export const thisThread = <T>() => {
  if (parentPort === null) throw new Error('this module is the program of a worker thread')
  const port = parentPort
  return {
    data: workerData as T,
    post: (batch: readonly unknown[], transfer: readonly ArrayBuffer[]): void => port.postMessage(batch, transfer),
    listen: (hear: (batch: readonly unknown[]) => void): void => {
      port.on('message', hear)
    },
  }
}
