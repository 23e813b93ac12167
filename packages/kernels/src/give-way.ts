/**
 * Lets the event loop have a whole turn: what is due of timers, messages and input comes before what awaits this. In
 * microseconds, where a timer takes a millisecond in Node and four in pages.
 */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      // Timers come between the two.
      setImmediate(() => setImmediate(resolve));
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
