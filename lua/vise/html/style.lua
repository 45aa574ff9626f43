--- The look of a page: one style sheet, light and dark, screen and paper.

return [[
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1c2127;--soft:#57616b;--rule:#dfe3e6;--wash:#f1f3f4;
--accent:#0f6685;--good:#1b7443;--bad:#b3261e;--warn:#8f5400;--before:#b9c2ca;--heat:0%;--share:0%;
--s1:#0f6685;--s2:#c2560c;--s3:#5b4a9e;--s4:#2c7d4f;--s5:#a8326e;--s6:#82661a;--s7:#3f72c4;--s8:#6b737b;
--sans:Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,
sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Mono","JetBrains Mono",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",
monospace}
@media (prefers-color-scheme:dark){:root{--page:#121518;--card:#191d21;--ink:#e3e7ea;--soft:#98a3ad;--rule:#2c333a;
--wash:#21272c;--accent:#62b7d6;--good:#67c08f;--bad:#f2867e;--warn:#dfae5a;--before:#4b555e;
--s1:#62b7d6;--s2:#ee9a57;--s3:#a99be6;--s4:#6fc394;--s5:#e58bb8;--s6:#d3b962;--s7:#8db4f0;--s8:#9aa4ad}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 var(--sans)}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px}
h1,h2,h3{line-height:1.25;text-wrap:balance;overflow-wrap:anywhere}
h1{font-size:1.9rem;letter-spacing:-.02em;margin:0 0 .5rem}
h2{font-size:1.25rem;letter-spacing:-.01em;margin:0 0 .4rem;scroll-margin-top:1rem}
h3{font-size:1rem;margin:1.6rem 0 .4rem}
p{margin:.4rem 0;max-width:70ch}
code,pre,.mono{font-family:var(--mono);font-size:.86em}
pre{background:var(--wash);border-radius:6px;padding:.8rem 1rem;margin:.5rem 0;overflow:auto;max-height:32rem;
line-height:1.5;tab-size:2}
.page{max-width:1340px;margin:0 auto;padding:1.6rem 1.2rem 3rem}
.eyebrow{color:var(--soft);font-size:.82rem;margin:0 0 .3rem;overflow-wrap:anywhere;max-width:none}
.verdict{font-size:1.08rem;max-width:75ch}
.note{color:var(--soft);font-size:.88rem}
section{padding:1.7rem 0;border-top:1px solid var(--rule)}
nav{font-size:.9rem}
nav ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.1rem 1rem}
nav a{color:var(--soft);text-decoration:none}
nav a:hover{color:var(--accent);text-decoration:underline}
header nav,main>nav{margin:1rem 0}
@media (min-width:1100px){.page{display:grid;grid-template-columns:180px minmax(0,1fr);column-gap:3rem;
padding-top:2.4rem}
.page>header,.page>main,.page>footer{grid-column:2}
.page>nav{grid-column:1;grid-row:1/span 3;position:sticky;top:2.4rem;align-self:start;
max-height:calc(100vh - 4rem);overflow:auto}
.page>nav ul{flex-direction:column;gap:.32rem}}
@media (max-width:1099px){.page>nav{border-top:1px solid var(--rule);padding:.8rem 0}}
.tiles{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:1px;margin:1.3rem 0 1.6rem;
background:var(--rule);border:1px solid var(--rule);border-radius:8px;overflow:hidden}
.tiles>li{flex:1 1 11rem;background:var(--card);padding:.75rem 1rem}
.tiles .name{color:var(--soft);font-size:.78rem}
.tiles .value{font-size:1.32rem;font-weight:600;letter-spacing:-.01em;font-variant-numeric:tabular-nums;
overflow-wrap:anywhere;line-height:1.3}
.tiles .value.word{font-size:.95rem;line-height:1.35;padding:.2rem 0}
.tiles .more{color:var(--soft);font-size:.82rem}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.good,.bad,.warn{font-weight:600}
.facts{display:grid;grid-template-columns:minmax(7rem,max-content) minmax(0,1fr);gap:.25rem 1.4rem;margin:.5rem 0}
.facts dt{color:var(--soft)}
.facts dd{margin:0;overflow-wrap:anywhere}
.wrap{overflow:auto;max-height:38rem;margin:.6rem 0;border:1px solid var(--rule);border-radius:8px;
background:var(--card)}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.4}
caption{text-align:left;color:var(--soft);padding:.5rem .8rem}
th,td{text-align:left;padding:.34rem .8rem;vertical-align:top;font-weight:400}
thead th{position:sticky;top:0;z-index:1;background:var(--card);color:var(--soft);font-size:.8rem;
box-shadow:0 1px 0 var(--rule);
vertical-align:bottom;overflow-wrap:normal}
tbody tr+tr>*{border-top:1px solid var(--wash)}
tbody tr:hover>*{background:var(--wash)}
tbody tr:target>*{background:color-mix(in srgb,var(--warn) 18%,transparent)}
tbody th{overflow-wrap:anywhere;min-width:13rem;font-family:var(--mono);font-size:.82rem}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.same{color:var(--soft)}
.heat{background:color-mix(in srgb,var(--s2) calc(var(--heat)*.62),transparent)}
.share{background:linear-gradient(90deg,color-mix(in srgb,var(--accent) 24%,transparent) var(--share),
transparent 0)}
.sorts{border:0;margin:.8rem 0 .2rem;padding:0;display:contents}
.sortable{position:relative}
.sortable>input{position:absolute;opacity:0;width:1px;height:1px}
.sortable>.orders,.tools{display:flex;flex-wrap:wrap;gap:.35rem;align-items:center;font-size:.85rem;
margin:.7rem 0 .3rem}
.orders>span{color:var(--soft);margin-right:.2rem}
.orders label{border:1px solid var(--rule);border-radius:99px;padding:.08rem .75rem;cursor:pointer;
background:var(--card)}
.orders label:hover{border-color:var(--accent)}
.by1:checked~.orders .to1,.by2:checked~.orders .to2,.by3:checked~.orders .to3,.by4:checked~.orders .to4,
.by5:checked~.orders .to5{background:var(--accent);border-color:var(--accent);color:var(--page)}
.sortable>input:focus-visible~.orders{outline:2px solid var(--accent);outline-offset:3px;border-radius:99px}
.sortable table,.sortable thead{display:block}
.sortable thead{position:sticky;top:0;z-index:1}
.sortable tbody{display:flex;flex-direction:column}
.sortable tr{display:grid;
grid-template-columns:minmax(15rem,1fr) minmax(7rem,8.5rem) 6.6rem 4.4rem 5.7rem 6.2rem 7.2rem 7rem;min-width:57rem}
.by1:checked~.wrap tbody tr{order:var(--a)}.by2:checked~.wrap tbody tr{order:var(--b)}
.by3:checked~.wrap tbody tr{order:var(--c)}
.by4:checked~.wrap tbody tr{order:var(--d)}.by5:checked~.wrap tbody tr{order:var(--e)}
.up tbody{flex-direction:column-reverse}
input[type=search]{font:inherit;color:inherit;background:var(--card);border:1px solid var(--rule);
border-radius:6px;padding:.3rem .7rem;width:min(100%,24rem)}
input[type=search]:focus{outline:2px solid var(--accent);outline-offset:-1px}
[hidden]{display:none!important}
figure{margin:.8rem 0}
figcaption{color:var(--soft);font-size:.85rem;max-width:75ch}
.plot{overflow-x:auto}
.plot>svg{min-width:700px}
svg.chart{display:block;width:100%;height:auto;font-family:var(--sans)}
.chart text{font-size:12px;fill:var(--soft)}
.chart .row,.chart .name{fill:var(--ink)}
.chart .name{font-size:11.5px;paint-order:stroke;stroke:var(--page);stroke-width:3px}
.chart .grid{stroke:var(--rule);stroke-width:1}
.chart .axis,.chart .mark{stroke:var(--soft);stroke-width:1}
.chart .points path{fill-opacity:.78}
.chart .points path:hover{fill-opacity:1;stroke:var(--ink);stroke-width:1.5px}
.chart .stroke{fill:none!important;stroke-width:2}
.before{fill:var(--before)}
.after{fill:color-mix(in srgb,var(--s1) 14%,transparent);stroke:var(--s1);stroke-width:1.6;stroke-linejoin:round}
.error{fill:color-mix(in srgb,var(--s2) 22%,transparent);stroke:var(--s2);stroke-width:1.4;stroke-linejoin:round}
.s1{fill:var(--s1)}.s2{fill:var(--s2)}.s3{fill:var(--s3)}.s4{fill:var(--s4)}.s5{fill:var(--s5)}.s6{fill:var(--s6)}
.s7{fill:var(--s7)}.s8{fill:var(--s8)}
.s1 .stroke{stroke:var(--s1)}.s2 .stroke{stroke:var(--s2)}.s3 .stroke{stroke:var(--s3)}.s4 .stroke{stroke:var(--s4)}
.s5 .stroke{stroke:var(--s5)}.s6 .stroke{stroke:var(--s6)}.s7 .stroke{stroke:var(--s7)}.s8 .stroke{stroke:var(--s8)}
.bar.s8{fill:var(--before)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.3rem 0;padding:0;font-size:.84rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.legend .swatch{width:14px;height:10px;border-radius:2px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,27rem),1fr));gap:1rem;margin:1rem 0}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:.8rem 1rem;min-width:0}
.card h3{margin:0;font:600 .86rem/1.4 var(--mono)}
.card .note{margin:.1rem 0 .5rem}
.card h4{margin:.5rem 0 0;font-size:.78rem;font-weight:400;color:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,27rem),1fr));gap:1rem 2rem}
.images{display:flex;flex-direction:column;gap:1rem}
.images img{max-width:100%;height:auto;border-radius:6px;image-rendering:pixelated;background:#000}
details{margin:.5rem 0}
summary{cursor:pointer;padding:.15rem 0;overflow-wrap:anywhere}
summary:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
details.box{border:1px solid var(--rule);border-radius:8px;background:var(--card);padding:.35rem .9rem}
.tree{font-size:.88rem}
.tree ul{list-style:none;margin:0;padding-left:1.15rem;border-left:1px solid var(--rule)}
.tree>ul{padding:0;border:0}
.tree li{padding:.06rem 0}
.tree details{margin:0}
.tree .leaf,.tree summary{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;align-items:baseline;padding:.1rem .3rem;
border-radius:4px}
.tree summary::before{content:"▸";color:var(--soft);width:.7rem;margin-right:-.8rem}
.tree details[open]>summary::before{content:"▾"}
.tree summary::-webkit-details-marker{display:none}
.tree .leaf:hover,.tree summary:hover{background:var(--wash)}
.tree b{font:500 .85rem var(--mono);flex:1 1 14rem;overflow-wrap:anywhere}
.tree.wide summary{padding-right:23.6rem}
.tree i{font-style:normal;color:var(--soft);font-variant-numeric:tabular-nums}
.tree .w1{width:5rem}.tree .w2{width:10rem;text-align:right}.tree .w3{width:5.5rem;text-align:right}
.tree .w4{width:22rem}
footer{border-top:1px solid var(--rule);padding-top:1rem;color:var(--soft);font-size:.85rem}
@media (max-width:640px){
.page{padding:1rem .9rem 2rem}h1{font-size:1.45rem}.wrap table{min-width:38rem}
.tree .w4{width:100%}
.tree.wide summary{padding-right:0}}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#bbb;--wash:#f4f4f4}body{font-size:10pt}
.page{display:block;max-width:none;padding:0}.page>nav,.tools,.orders{display:none}.wrap,pre{max-height:none;
overflow:visible}
pre{white-space:pre-wrap;overflow-wrap:anywhere}.card,figure,tr{break-inside:avoid}
details::details-content{content-visibility:visible;block-size:auto}
.sortable tr{min-width:0;grid-template-columns:minmax(0,1fr) 6rem 5.5rem 3rem 4rem 5rem 5rem 4.5rem}
th,td{padding:.2rem .4rem}}
]]
