// A saved map: the feed of one moment, which stands still and says so.

import { Feed } from "soramichi/feed.js";
import { resource } from "soramichi/resources.js";

export class SavedFeed extends Feed {
  async start() {
    const [aircraft, tracks, { at }] = await Promise.all(["aircraft", "tracks", "saved"].map(resource));
    this.at_s = Date.parse(at) / 1000;
    this.tracks = tracks;
    this.setLink("saved");
    this.take(aircraft);
    this.settle();
  }

  now_s() {
    return this.at_s ?? 0;
  }

  shown_s() {
    return this.now_s();
  }

  async flownBefore(flight) {
    return this.tracks[flight] ?? {};
  }
}
