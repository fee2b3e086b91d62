/**
 * Rows as applications keep them, JSON of about 150 bytes: values that can be compressed as such data can be, and no
 * better. A function of the entry's number, like all of the dataset.
 *
 *   {"id":48213,"name":"Katarzyna Lindqvist","email":"katarzyna.lindqvist61@post.example.net",
 *    "city":"Guadalajara","score":8312.47,"joined":"2023-04-17T08:41:22Z"}
 */
import { drawing } from "./dataset.ts";

const GIVEN_NAMES = words(`Aaliyah Adrian Agnieszka Alejandra Alexander Amara Anastasia Andrew Anneliese Antonio Ayesha
  Benjamin Bianca Bogdan Camille Caroline Charlotte Chidi Christopher Cornelia Daniela Dimitri Dorothea Eduardo Elisabeth
  Emmanuel Esperanza Fatima Ferdinand Francesca Gabriel Genevieve Giovanni Gwendolyn Hannah Henrietta Hiroshi Ibrahim
  Isabella Jacqueline Jonathan Josephine Katarzyna Konstantin Leonardo Ludmila Magdalena Maximilian Mercedes Mohammed
  Natalia Nicholas Octavia Olufemi Patricia Penelope Rajesh Rosalind Sebastian Siobhan Theodora Valentina Wilhelmina Zoe`);

const FAMILY_NAMES =
  words(`Abernathy Adeyemi Andersson Bergstrom Blackwood Castellano Chandrasekhar Christensen Delacroix
  Dombrowski Eriksson Fairweather Fernandez Fitzgerald Gallagher Goldschmidt Gonzalez Hashimoto Henderson Hernandez
  Ivanova Jankowski Johansson Kavanagh Kowalczyk Krishnan Lindqvist Lombardi MacDonald Marchetti Mikkelsen Montgomery
  Nakamura Nikolaidis Novak Okonkwo Oliveira Papadopoulos Pellegrini Petersen Quintero Ramanujan Reinhardt Rodriguez
  Rosenberg Sanchez Santorini Schneider Shevchenko Sorensen Stravinsky Takahashi Thompson Torvalds Underwood Vandenberg
  Villanueva Wallenberg Washington Weatherby Whitfield Yamaguchi Zakharov Zimmermann`);

const CITIES =
  words(`Adelaide Amsterdam Antananarivo Auckland Bangalore Barcelona Bratislava Brisbane Bucharest Casablanca
  Chittagong Christchurch Copenhagen Edinburgh Eindhoven Florianopolis Fukuoka Gothenburg Guadalajara Guayaquil Hamburg
  Helsinki Hyderabad Innsbruck Istanbul Jakarta Johannesburg Karlsruhe Kathmandu Kinshasa Ljubljana Louisville Luxembourg
  Marrakesh Melbourne Milwaukee Montevideo Montpellier Nairobi Newcastle Nottingham Oaxaca Palermo Philadelphia Pittsburgh
  Portsmouth Queenstown Reykjavik Rotterdam Sacramento Salzburg Sarajevo Singapore Stockholm Strasbourg Thessaloniki
  Toulouse Trondheim Valparaiso Vancouver Vladivostok Warsaw Wellington Yokohama`);

const MAIL_HOSTS = words(`mail.example.com post.example.net inbox.example.org university.example.edu example.co
  telecom.example.fr webmail.example.de correo.example.mx`);

const FIRST_JOINED_MS = Date.UTC(2015, 0, 1);
const JOINED_SECONDS = 10 * 365 * 24 * 3600;

export function jsonRow(entry: number): Buffer {
  const draw = drawing(2 ** 30, entry);
  const given = drawn(GIVEN_NAMES, draw);
  const family = drawn(FAMILY_NAMES, draw);
  const mailbox = `${given}.${family}`.toLowerCase();
  return Buffer.from(
    JSON.stringify({
      id: entry,
      name: `${given} ${family}`,
      email: `${mailbox}${draw() % 100}@${drawn(MAIL_HOSTS, draw)}`,
      city: drawn(CITIES, draw),
      score: (draw() % 1_000_000) / 100,
      joined: `${new Date(FIRST_JOINED_MS + (draw() % JOINED_SECONDS) * 1000).toISOString().slice(0, 19)}Z`,
    }),
  );
}

function words(text: string): string[] {
  return text.split(/\s+/);
}

function drawn(list: readonly string[], draw: () => number): string {
  return list[draw() % list.length]!;
}
