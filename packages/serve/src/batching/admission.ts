import { ProtocolError } from '../protocol/protocol-error.ts';

export interface AdmissionLimits {
  /** Pictures that may wait or be computed at one time, of all models together. */
  readonly pictures: number;
  /** Bytes of requests and prepared pictures that may be held at one time. */
  readonly bytes: number;
}

/** What a request holds while it is answered. */
export interface Held {
  /** @throws ProtocolError with status 503 where they would be too many. */
  take(pictures: number, bytes: number): void;
  /** Gives back what the request took. Again it does nothing. */
  release(): void;
}

/** Keeps what is waiting within limits: a request beyond them is refused at once. */
export class Admission {
  readonly #limits: AdmissionLimits;
  #pictures = 0;
  #bytes = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get pictures(): number {
    return this.#pictures;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of one request: nothing yet. */
  hold(): Held {
    let pictures = 0;
    let bytes = 0;
    return {
      take: (morePictures, moreBytes) => {
        this.#check(morePictures, moreBytes);
        this.#pictures += morePictures;
        this.#bytes += moreBytes;
        pictures += morePictures;
        bytes += moreBytes;
      },
      release: () => {
        this.#pictures -= pictures;
        this.#bytes -= bytes;
        pictures = 0;
        bytes = 0;
      },
    };
  }

  /** To be asked before a request is read. @throws ProtocolError with status 503 where there is room for no picture */
  checkRoom(): void {
    if (this.#pictures >= this.#limits.pictures) throw this.#fullOfPictures();
  }

  #check(pictures: number, bytes: number): void {
    const { pictures: mostPictures, bytes: mostBytes } = this.#limits;
    if (pictures > mostPictures)
      throw new ProtocolError(
        413,
        `the request: expected ${mostPictures} pictures at most, got ${pictures}; send several requests`,
      );
    if (this.#pictures + pictures > mostPictures) throw this.#fullOfPictures();
    if (bytes > mostBytes)
      throw new ProtocolError(
        413,
        `the request: expected ${mostBytes} bytes at most, got ${bytes}; send several requests`,
      );
    if (this.#bytes + bytes > mostBytes) throw busy(`requests of ${this.#bytes} bytes wait, of ${mostBytes} at most`);
  }

  #fullOfPictures(): ProtocolError {
    return busy(`${this.#pictures} pictures wait, of ${this.#limits.pictures} at most`);
  }
}

function busy(what: string): ProtocolError {
  return new ProtocolError(503, `the server is busy: ${what}; try again later`);
}
