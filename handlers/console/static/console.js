// What the console does beyond plain pages: the pulse, keys, copying, filters, the lab's preview.
// Everything works without it.
const $ = (query, within = document) => within.querySelector(query);
document.documentElement.classList.add("js");
