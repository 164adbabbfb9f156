// What is published: everything that an escaping, a buffer or a parser could get wrong.

function update(source, name) {
  return (
    `<Update><data><user><firstName>${name}</firstName><state>NOT_READY</state></user></data>` +
    `<event>PUT</event><requestId></requestId><source>${source}</source></Update>`
  );
}

/** Payloads for a node, each with what it is about. */
export function payloads(node) {
  return [
    ['a plain update', update(node, 'Ada')],
    // Inside the document it is escaped once already; on the wire it is escaped once more.
    ['escapes inside', update(node, 'R&amp;D &lt;b&gt; &quot;x&quot; &apos;y&apos; &amp;amp; &#65;')],
    ['quotes and the end of a CDATA section', update(node, `"double" 'single' ]]&gt; <![CDATA[<raw> & raw]]>`)],
    ['CJK, emoji and other planes', update(node, '王小明 佐藤 김 😀 👩‍💻 𠮷 𝒜 é e\u0301 \ufffd')],
    ['line breaks and blanks', `\n<Update>\r\n\t<data>a\rb\n\nc</data>  \r\n</Update>\n `],
    ['line ends of XML 1.1, which are none here', update(node, 'a\u0085b\u2028c')],
    ['not XML at all', 'a < b && c > d; "e" <f'],
    ['20 kB', update(node, 'Grüße & 您好 '.replaceAll('&', '&amp;').repeat(770)).padEnd(20_000, 'x')],
  ];
}
