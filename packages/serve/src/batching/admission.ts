import { ProtocolError } from '../protocol/protocol-error.ts';

export interface AdmissionLimits {
  /** Pictures that may wait or be computed at one time, of all models together. */
  readonly pictures: number;
  /** Bytes of requests and prepared pictures that may be held at one time. */
  readonly bytes: number;
}

/** What a request holds while it is answered. */
export interface Held {
  /**
   * Its body is on the way: it counts as a picture until `take` says how many there are.
   *
   * @throws ProtocolError with status 503 where there is no room for one.
   */
  arrive(bytes: number): void;
  /** @throws ProtocolError with status 503 where they would be too many. */
  take(pictures: number, bytes: number): void;
  /** Gives back what the request took. Again it does nothing. */
  release(): void;
}

/** Keeps what is waiting within limits: a request beyond them is refused at once. */
export class Admission {
  readonly #limits: AdmissionLimits;
  #arriving = 0;
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
    let arriving = 0;
    let pictures = 0;
    let bytes = 0;
    const arrived = (): void => {
      this.#arriving -= arriving;
      arriving = 0;
    };
    const take = (morePictures: number, moreBytes: number): void => {
      this.#check(pictures, morePictures, bytes, moreBytes);
      this.#pictures += morePictures;
      this.#bytes += moreBytes;
      pictures += morePictures;
      bytes += moreBytes;
    };
    return {
      arrive: (length) => {
        // Else bodies would be read to be refused for their pictures.
        if (this.#pictures + this.#arriving >= this.#limits.pictures) throw this.#fullOfPictures();
        take(0, length);
        this.#arriving++;
        arriving++;
      },
      take: (morePictures, moreBytes) => {
        if (morePictures > 0) arrived();
        take(morePictures, moreBytes);
      },
      release: () => {
        arrived();
        this.#pictures -= pictures;
        this.#bytes -= bytes;
        pictures = 0;
        bytes = 0;
      },
    };
  }

  #check(pictures: number, morePictures: number, bytes: number, moreBytes: number): void {
    const { pictures: mostPictures, bytes: mostBytes } = this.#limits;
    const tooMany = (most: string, got: number): ProtocolError =>
      new ProtocolError(413, `the request: expected ${most} at most, got ${got}; send several requests`);
    if (pictures + morePictures > mostPictures) throw tooMany(`${mostPictures} pictures`, pictures + morePictures);
    if (this.#pictures + morePictures > mostPictures) throw this.#fullOfPictures();
    if (bytes + moreBytes > mostBytes) throw tooMany(`${mostBytes} bytes`, bytes + moreBytes);
    if (this.#bytes + moreBytes > mostBytes)
      throw busy(`requests of ${this.#bytes} bytes wait, of ${mostBytes} at most`);
  }

  #fullOfPictures(): ProtocolError {
    return busy(`${this.#pictures + this.#arriving} pictures wait, of ${this.#limits.pictures} at most`);
  }
}

function busy(what: string): ProtocolError {
  return new ProtocolError(503, `the server is busy: ${what}; try again later`);
}
