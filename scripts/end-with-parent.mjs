// Preloaded into the programs that `npm start` runs: ends the program when the script ends, even if it was killed.
const KILL_AFTER_MS = 5_000;

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), KILL_AFTER_MS).unref();
});
// Without unref(), the channel to the script would keep a finished program running.
process.channel.unref();
