/** Renders the fences of Mermaid as the component of the theme. Without JavaScript, the page shows their source. */
export function mermaidFences(md) {
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info, content } = tokens[index];
    if (info.trim() !== 'mermaid') return fence(tokens, index, ...rest);
    return `<MermaidDiagram source="${md.utils.escapeHtml(content).replaceAll('\n', '&#10;')}" />\n`;
  };
}
