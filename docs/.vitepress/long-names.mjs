/** Lets the browser break a long name between its words: `COINFLOW_<wbr>SESSION_<wbr>KEY`, `Coinflow<wbr>Auth<wbr>Guard`. */
export function withBreaks(html) {
  return html.replace(/(?<=[\w)]\.|_)(?=\w)|(?<=[a-z])(?=[A-Z])/g, '<wbr>');
}

/** A rule of markdown-it for the names in code, and in the indexes of the public API. */
export function longNames(md) {
  const { code_inline: code, text } = md.renderer.rules;
  md.renderer.rules.code_inline = (...args) => code(...args).replace(/(?<=^<code[^>]*>)[^]*(?=<\/code>$)/, withBreaks);
  md.renderer.rules.text = (...args) => {
    const { relativePath = '' } = args[3] ?? {};
    return relativePath.startsWith('reference/api/') ? withBreaks(text(...args)) : text(...args);
  };
}
