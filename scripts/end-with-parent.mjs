// Loaded before a program that `npm start` runs: ends the program when the script is gone, also when that was killed.
const PATIENCE_MS = 5_000;

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), PATIENCE_MS).unref();
});
// The channel to the script must not keep a program running that has nothing left to do.
process.channel.unref();
