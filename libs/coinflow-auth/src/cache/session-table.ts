/** Bytes of a SHA-256, and characters of an id: see `sessionKeyId`. */
const ID_LENGTH = 32;

/**
 * A bounded map from the ids of session keys to their sessions. When it is full, it evicts a session that was not read since
 * the hand last passed it (the CLOCK algorithm, also called second chance). That approximates least recently used.
 *
 * A hit reads a slot, an id and a session, and sets one byte. A linked list of the least recently used would write to four
 * other entries, which are rarely in the processor's caches when there are a million. An id as a string would take twice the
 * memory. Everything but the sessions is allocated at the start; the operating system provides the pages when they are used.
 */
export class SessionTable<Session extends object> {
  readonly #max: number;
  /** Indexed by hash, with linear probing: the place of an entry plus 1, or 0. Never more than half full. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** Indexed by place, without gaps: the ids, the sessions, and whether a session was read since the hand passed it. */
  readonly #ids: Uint8Array;
  readonly #sessions: Session[] = [];
  readonly #isUsed: Uint8Array;
  #hand = 0;

  /** @param max how many sessions; at least 1 */
  constructor(max: number) {
    this.#max = max;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * max)));
    this.#mask = this.#slots.length - 1;
    this.#ids = new Uint8Array(max * ID_LENGTH);
    this.#isUsed = new Uint8Array(max);
  }

  get size(): number {
    return this.#sessions.length;
  }

  get(id: string): Session | undefined {
    const place = this.#placeAt(this.#slotOf(id));
    if (place < 0) return undefined;
    this.#isUsed[place] = 1;
    return this.#sessions[place];
  }

  set(id: string, session: Session): void {
    const known = this.#placeAt(this.#slotOf(id));
    const place = known < 0 ? this.#add(id) : known;
    this.#sessions[place] = session;
    // A new session was not read yet. It stays at least until the hand passes it.
    this.#isUsed[place] = known < 0 ? 0 : 1;
  }

  delete(id: string): void {
    const slot = this.#slotOf(id);
    const place = this.#placeAt(slot);
    if (place < 0) return;
    this.#emptySlot(slot);
    this.#moveLastTo(place);
  }

  #add(id: string): number {
    const place = this.size < this.#max ? this.size : this.#makeRoom();
    // Computed after making room, which moves other entries.
    this.#slots[this.#slotOf(id)] = place + 1;
    for (let i = 0; i < ID_LENGTH; i += 1) this.#ids[place * ID_LENGTH + i] = id.charCodeAt(i);
    return place;
  }

  /** The slot of the id, or the free slot where it belongs. */
  #slotOf(id: string): number {
    let slot = this.#hashOf(id);
    for (let place = this.#placeAt(slot); place >= 0 && !this.#isAt(place, id); place = this.#placeAt(slot)) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  #placeAt(slot: number): number {
    return (this.#slots[slot] ?? 0) - 1;
  }

  #isAt(place: number, id: string): boolean {
    const start = place * ID_LENGTH;
    for (let i = 0; i < ID_LENGTH; i += 1) if (this.#ids[start + i] !== id.charCodeAt(i)) return false;
    return true;
  }

  /** The first bytes of the id, which is itself a hash. */
  #hashOf(id: string): number {
    const hash = id.charCodeAt(0) | (id.charCodeAt(1) << 8) | (id.charCodeAt(2) << 16) | (id.charCodeAt(3) << 24);
    return hash & this.#mask;
  }

  #hashAt(place: number): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#ids.subarray(place * ID_LENGTH, place * ID_LENGTH + 4);
    return (a | (b << 8) | (c << 16) | (d << 24)) & this.#mask;
  }

  /** Moves the hand to the first session that was not read since the hand last passed it, and clears the marks on the way. */
  #makeRoom(): number {
    while (this.#isUsed[this.#hand] === 1) {
      this.#isUsed[this.#hand] = 0;
      this.#hand = (this.#hand + 1) % this.#max;
    }
    const place = this.#hand;
    this.#emptySlot(this.#slotFor(place));
    this.#hand = (place + 1) % this.#max;
    return place;
  }

  #slotFor(place: number): number {
    let slot = this.#hashAt(place);
    while (this.#placeAt(slot) !== place) slot = (slot + 1) & this.#mask;
    return slot;
  }

  /** Empties a slot, and moves up the entries behind it that linear probing would no longer find. */
  #emptySlot(empty: number): void {
    let gap = empty;
    for (let slot = (gap + 1) & this.#mask; this.#placeAt(slot) >= 0; slot = (slot + 1) & this.#mask) {
      const distance = (slot - this.#hashAt(this.#placeAt(slot))) & this.#mask;
      if (distance < ((slot - gap) & this.#mask)) continue;
      this.#slots[gap] = this.#slots[slot] ?? 0;
      gap = slot;
    }
    this.#slots[gap] = 0;
  }

  /** Moves the last entry into a free place, so that the places have no gap. */
  #moveLastTo(place: number): void {
    const last = this.size - 1;
    const session = this.#sessions.pop();
    if (place === last || session === undefined) return;
    this.#slots[this.#slotFor(last)] = place + 1;
    this.#ids.copyWithin(place * ID_LENGTH, last * ID_LENGTH, (last + 1) * ID_LENGTH);
    this.#sessions[place] = session;
    this.#isUsed[place] = this.#isUsed[last] ?? 0;
  }
}
