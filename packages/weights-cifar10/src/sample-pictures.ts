/** A picture to try the weights on. */
export interface SamplePicture {
  readonly file: string;
  /** What it shows, by its class in CIFAR-10. */
  readonly label: string;
  readonly url: URL;
  readonly credit: string;
}

/** Pictures that come with the package; both are CC0. */
export function samplePictures(): readonly SamplePicture[] {
  return [
    {
      file: 'chelsea.jpg',
      label: 'cat',
      url: new URL('../samples/chelsea.jpg', import.meta.url),
      credit: 'Chelsea the cat, photograph by Stefan van der Walt, CC0, from scikit-image',
    },
    {
      file: 'horse.jpg',
      label: 'horse',
      url: new URL('../samples/horse.jpg', import.meta.url),
      credit:
        'Silhouette of a horse by Andreas Preuss (marauder), openclipart.org/detail/158377, CC0, from scikit-image',
    },
  ];
}
