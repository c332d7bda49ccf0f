"use strict";
// Adds to the pictures what needs a script: values under the pointer, and zoom. The
// page is whole without it. It reads the record that the page holds, and nothing else.
(() => {
  const svgns = "http://www.w3.org/2000/svg";
  const charts = [...document.querySelectorAll("svg.chart")];
  const block = document.getElementById("record");
  if (!charts.length || !block || !window.DecompressionStream) return;

  const unpack = async () => {
    const text = JSON.parse(block.textContent).record.replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  };
  const sums = deltas => { let v = 0; return (deltas || []).map(d => d === null ? null : (v += d)); };
  const seconds = ns => ns / 1e9;
  const mib = bytes => (bytes / 1048576).toLocaleString("en", {minimumFractionDigits: 1, maximumFractionDigits: 1}) + " MiB";
  const two = n => String(n).padStart(2, "0");
  const clock = (s, digits) => {
    const tenths = Math.round(s * 10 ** digits), whole = Math.floor(tenths / 10 ** digits);
    const fraction = digits ? "." + String(tenths % 10 ** digits).padStart(digits, "0") : "";
    const minutes = Math.floor(whole / 60);
    return (minutes >= 60 ? Math.floor(minutes / 60) + ":" + two(minutes % 60) : two(minutes)) + ":" + two(whole % 60) + fraction;
  };
  const latency = ns => ns < 1e6 ? Math.round(ns / 1e3) + " µs" : ns < 1e9 ? +(ns / 1e6).toPrecision(3) + " ms" : +(ns / 1e9).toPrecision(3) + " s";
  const make = (name, attributes, parent) => {
    const e = document.createElementNS(svgns, name);
    for (const k in attributes) e.setAttribute(k, attributes[k]);
    return parent.appendChild(e);
  };
  // last is the index of the last of sorted values that is at most v; -1 if none is.
  const last = (sorted, v) => {
    let lo = 0, hi = sorted.length;
    while (lo < hi) { const mid = (lo + hi) >> 1; if (sorted[mid] <= v) lo = mid + 1; else hi = mid; }
    return lo - 1;
  };

  const start = record => {
    const times = sums(record.samples.at_ns).map(seconds), sets = sums(record.samples.working_set);
    const heaps = record.live_heaps || [], heapTimes = heaps.map(f => seconds(f.at_ns));
    const phases = record.phases || [], load = phases.find(p => p.name === "load");
    const perSecond = (record.load && record.load.per_second) || [], loadStart = load ? seconds(load.from_ns) : 0;
    const loadTimes = perSecond.map(s => loadStart + seconds(s.at_ns));

    // near is the nearer of the two neighbours in time, if it is near at all.
    const near = (sorted, t, within) => {
      let i = last(sorted, t);
      if (i + 1 < sorted.length && (i < 0 || sorted[i + 1] - t < t - sorted[i])) i++;
      return i >= 0 && Math.abs(sorted[i] - t) <= within ? i : -1;
    };
    const values = (t, wide) => {
      const rows = [["time", clock(t, wide < 20 ? 2 : 1)]];
      const s = near(times, t, Math.max(1, wide / 50)), f = near(heapTimes, t, Math.max(.3, wide / 120)), l = last(loadTimes, t);
      if (s >= 0 && sets[s] != null) rows.push(["working set", mib(sets[s])]);
      if (f >= 0) rows.push(["live heap", mib((heaps[f].heap_alloc || 0) + (heaps[f].stack_inuse || 0))]);
      if (l >= 0 && t - loadTimes[l] < 1) {
        const now = perSecond[l];
        rows.push(["requests", now.requests + "/s"]);
        if (now.p99_ns) rows.push(["p99", latency(now.p99_ns)]);
        if (now.errors) rows.push(["failed", now.errors + "/s"]);
      }
      const phase = phases.find(p => seconds(p.from_ns) <= t && t <= seconds(p.to_ns));
      if (phase) rows.push(["phase", phase.name]);
      return rows;
    };

    const views = charts.map(svg => view(svg, times, sets, values));
    const bar = document.createElement("p");
    bar.className = "zoom";
    const each = act => () => views.forEach(v => v[act]());
    for (const [name, act] of [["Zoom in", "closer"], ["Zoom out", "farther"], ["Show all", "all"]]) {
      const b = document.createElement("button");
      b.type = "button"; b.textContent = name; b.onclick = each(act);
      bar.append(b, " ");
    }
    bar.append("Point at the picture for values, drag to zoom. Keys: ← → + − Esc.");
    charts[charts.length - 1].after(bar);
    document.documentElement.dataset.interactive = "yes";
  };

  const view = (svg, times, sets, values) => {
    const [left, right, top, bottom, foot, end, low, high] = svg.dataset.plot.split(" ").map(Number);
    let from = 0, to = end, cursor = null, dragged = null;
    const x = t => left + (t - from) / (to - from) * (right - left);
    const y = v => bottom - (v - low) / (high - low) * (bottom - top);
    const moving = [...svg.querySelectorAll("g.t > *")].map(e => ({e, d: e.getAttribute("d"), x: +e.getAttribute("x"), w: +e.getAttribute("width"), set: e.matches(".g-set")}));
    const ticks = svg.querySelector("g.times"), allTicks = [...ticks.childNodes];
    const id = "clip-" + svg.classList[1];
    make("rect", {x: left, y: 0, width: right - left, height: foot + 1}, make("clipPath", {id}, svg));
    const line = make("path", {class: "g-edge", stroke: "#5b6470", visibility: "hidden"}, svg);
    const area = make("rect", {class: "g-area", fill: "#1f5fa8", "fill-opacity": .2, y: top, height: foot - top, visibility: "hidden"}, svg);
    const tip = document.createElement("div");
    tip.className = "tip"; tip.hidden = true;
    svg.after(tip);
    svg.setAttribute("tabindex", "0");

    // setPath draws what is in sight: of each column of pixels first, lowest, highest and last.
    const setPath = () => {
      let d = "", open = false, column = null, before = null;
      const put = (px, v) => { d += (open ? "L" : "M") + px.toFixed(1) + " " + y(v).toFixed(1); open = true; };
      const flush = () => {
        if (!column) return;
        const p = column.lo.i < column.hi.i ? [column.first, column.lo, column.hi, column.last] : [column.first, column.hi, column.lo, column.last];
        p.forEach((q, i) => { if (!i || q.i !== p[i - 1].i) put(q.px, q.v); });
        column = null;
      };
      for (let i = Math.max(0, last(times, from)); i < times.length; i++) {
        if (sets[i] == null) continue;
        const p = {i, px: x(times[i]), v: sets[i]};
        if (before !== null && times[i] - before > 5) { flush(); open = false; }
        before = times[i];
        if (column && Math.floor(column.first.px) !== Math.floor(p.px)) flush();
        if (!column) column = {first: p, lo: p, hi: p, last: p};
        if (p.v < column.lo.v) column.lo = p;
        if (p.v > column.hi.v) column.hi = p;
        column.last = p;
        if (times[i] > to) break;
      }
      flush();
      return d;
    };
    const drawTicks = () => {
      if (from === 0 && to === end) { ticks.replaceChildren(...allTicks); return; }
      const step = [.01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find(s => (to - from) / s <= (right - left) / 70) || 7200;
      ticks.replaceChildren();
      for (let n = Math.ceil(from / step); n * step <= to; n++) {
        const at = x(n * step);
        make("path", {d: `M${at} ${foot}v4`, stroke: "#5b6470", class: "g-edge"}, ticks);
        make("text", {x: at, y: foot, dy: 18, "text-anchor": at > right - 20 ? "end" : "middle", fill: "#5b6470", class: "t-soft"}, ticks)
          .textContent = clock(n * step, step < .1 ? 2 : step < 1 ? 1 : 0);
      }
    };
    const draw = () => {
      const whole = from === 0 && to === end;
      const moved = px => x((px - left) / (right - left) * end);
      for (const m of moving) {
        if (m.d !== null) m.e.setAttribute("d", whole ? m.d : m.set ? setPath() : m.d.replace(/([ML])(-?[\d.]+)/g, (_, c, px) => c + moved(+px).toFixed(1)));
        else m.e.setAttribute("x", moved(m.x).toFixed(1));
        if (m.e.tagName === "rect") m.e.setAttribute("width", Math.max(0, moved(m.x + m.w) - moved(m.x)).toFixed(1));
      }
      svg.querySelectorAll("g.t").forEach(g => whole ? g.removeAttribute("clip-path") : g.setAttribute("clip-path", `url(#${id})`));
      svg.dataset.shown = from.toFixed(3) + " " + to.toFixed(3);
      drawTicks(); show(cursor);
    };
    const zoom = (a, b) => {
      const wide = Math.min(end, Math.max(b - a, Math.min(end, .2)));
      from = Math.min(Math.max(0, a), end - wide); to = from + wide;
      if (to - from > end * .999) { from = 0; to = end; }
      draw();
    };
    const show = t => {
      cursor = t;
      tip.hidden = t === null || t < from || t > to;
      line.setAttribute("visibility", tip.hidden ? "hidden" : "visible");
      if (tip.hidden) return;
      line.setAttribute("d", `M${x(t)} ${top}V${foot}`);
      tip.replaceChildren(...values(t, to - from).map(([name, value]) => {
        const row = document.createElement("div"), strong = document.createElement("b");
        strong.textContent = value;
        row.append(name + " ", strong);
        return row;
      }));
      const box = svg.getBoundingClientRect(), outer = tip.offsetParent.getBoundingClientRect();
      const px = box.left - outer.left + x(t) * box.width / svg.viewBox.baseVal.width;
      tip.style.left = Math.max(0, px > outer.width / 2 ? px - tip.offsetWidth - 10 : px + 10) + "px";
      tip.style.top = box.top - outer.top + top + 8 + "px";
    };
    const timeAt = e => {
      const box = svg.getBoundingClientRect();
      const px = (e.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
      return Math.min(Math.max(from + (px - left) / (right - left) * (to - from), from), to);
    };
    svg.onpointermove = e => {
      const t = timeAt(e);
      show(t);
      if (dragged === null) return;
      area.setAttribute("x", Math.min(x(dragged), x(t))); area.setAttribute("width", Math.abs(x(t) - x(dragged)));
      area.setAttribute("visibility", "visible");
    };
    svg.onpointerdown = e => { if (e.button === 0 && e.pointerType !== "touch") { dragged = timeAt(e); e.preventDefault(); svg.focus({preventScroll: true}); } };
    svg.onpointerup = e => {
      const t = timeAt(e), a = dragged;
      dragged = null; area.setAttribute("visibility", "hidden");
      if (a !== null && Math.abs(x(t) - x(a)) > 6) zoom(Math.min(a, t), Math.max(a, t));
    };
    svg.onpointerleave = () => { dragged = null; area.setAttribute("visibility", "hidden"); show(null); };
    svg.ondblclick = () => zoom(0, end);
    const around = by => { const at = cursor ?? (from + to) / 2, wide = (to - from) * by; zoom(at - (at - from) * by, at - (at - from) * by + wide); };
    svg.onkeydown = e => {
      const at = cursor ?? (from + to) / 2, step = (to - from) / 100;
      const act = {ArrowLeft: () => show(Math.max(from, at - step)), ArrowRight: () => show(Math.min(to, at + step)), "+": () => around(.5), "=": () => around(.5), "-": () => around(2), Escape: () => zoom(0, end)}[e.key];
      if (act) { act(); e.preventDefault(); }
    };
    svg.onblur = () => show(null);
    return {closer: () => around(.5), farther: () => around(2), all: () => zoom(0, end)};
  };

  unpack().then(start, () => {}); // a record that cannot be read leaves the page as it is
})();
