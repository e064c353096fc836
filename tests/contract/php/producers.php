<?php

/**
 * Writes messages as the producers in Debian's packages make them, one JSON line each:
 * {"name", "body": base64, "headers": {name: text or table}, "key": "base64:…"?, "attempts": how many this is}.
 *
 * Usage: php producers.php [COUNT]: with it, those that write JSON alone, each one message with a list of so many elements
 */

declare(strict_types=1);

namespace {
    require '/usr/share/php/Symfony/Component/Messenger/autoload.php';
    require '/usr/share/php/Symfony/Component/Serializer/autoload.php';
    require '/usr/share/php/Symfony/Component/PropertyAccess/autoload.php';
    require '/usr/share/php/Illuminate/Queue/autoload.php';
    require '/usr/share/php/Illuminate/Encryption/autoload.php';
}

namespace App\Message {
    enum Currency: string
    {
        case Euro = 'EUR';
    }

    final class Simple
    {
        /** @param array<int|string, mixed> $tags */
        public function __construct(
            public string $id,
            public string $label,
            public float $amount,
            public array $tags = [],
            public ?string $note = null,
            public ?\DateTimeImmutable $at = null,
        ) {
        }
    }

    class Account
    {
        private string $id = 'inherited';
        protected ?string $note = null;

        public function inheritedId(): string
        {
            return $this->id;
        }
    }

    final class Graph extends Account
    {
        private string $id = 'own';
        public ?object $itself = null;
        public ?object $again = null;
        public mixed $shared = null;
        public mixed $sharing = null;
        public Currency $currency = Currency::Euro;
        public Currency $other = Currency::Euro;

        public function __construct(bool $references)
        {
            $this->again = new \DateTimeImmutable('2024-10-27 02:30:00', new \DateTimeZone('Europe/Paris'));
            $this->shared = ['amount' => 12.5, 'again' => $this->again];
            if ($references) {
                $this->itself = $this;
                $this->sharing = &$this->shared;
                $this->shared['itself'] = &$this->shared;
            }
        }

        public function ownId(): string
        {
            return $this->id;
        }
    }
}

namespace App\Jobs {
    use Illuminate\Contracts\Queue\ShouldBeEncrypted;

    class SendReceipt
    {
        public int $tries = 5;
        public array $backoff = [10, 60];
        public ?string $queue = 'receipts';
        /** @var list<string> */
        public array $middleware = [];

        public function __construct(private string $iban, protected float $amount, public \DateTimeInterface $at)
        {
        }

        public function described(): string
        {
            return "$this->iban $this->amount";
        }
    }

    final class SendSecret extends SendReceipt implements ShouldBeEncrypted
    {
    }
}

namespace Producer {
    use App\Jobs\SendReceipt;
    use App\Jobs\SendSecret;
    use App\Message\Graph;
    use App\Message\Simple;
    use Illuminate\Container\Container;
    use Illuminate\Contracts\Encryption\Encrypter as EncrypterContract;
    use Illuminate\Encryption\Encrypter;
    use Illuminate\Queue\Queue;
    use Symfony\Component\Messenger\Envelope;
    use Symfony\Component\Messenger\Stamp\BusNameStamp;
    use Symfony\Component\Messenger\Stamp\DelayStamp;
    use Symfony\Component\Messenger\Stamp\ErrorDetailsStamp;
    use Symfony\Component\Messenger\Stamp\RedeliveryStamp;
    use Symfony\Component\Messenger\Transport\Serialization\PhpSerializer;
    use Symfony\Component\Messenger\Transport\Serialization\Serializer;

    /** Laravel's own payloads; the package for RabbitMQ, which Debian lacks, adds the id at the end. */
    final class Payloads extends Queue
    {
        /** @param array<int|string, mixed>|string $data */
        public function payload(object|string $job, array|string $data = ''): string
        {
            $this->container ??= new Container();

            return $this->createPayload($job, 'default', $data);
        }

        /** @return array<string, mixed> */
        protected function createPayloadArray($job, $queue, $data = '')
        {
            return array_merge(parent::createPayloadArray($job, $queue, $data), ['id' => 'fixed']);
        }
    }

    /** @param array<string, mixed> $headers */
    function told(string $name, string $body, array $headers = [], ?int $attempts = null, ?string $key = null): void
    {
        echo json_encode([
            'name' => $name,
            'body' => base64_encode($body),
            'headers' => (object) $headers,
            'attempts' => $attempts,
            'key' => $key,
        ]), "\n";
    }

    $at = new \DateTimeImmutable('2024-03-31 01:59:59', new \DateTimeZone('Europe/Paris'));
    $stamps = [
        new BusNameStamp('messenger.bus.default'),
        new DelayStamp(1000),
        new DelayStamp(5000),
        new RedeliveryStamp(2, null, null, $at),
    ];
    $simple = fn (string $label) => new Simple('1', $label, 10.0, ['x' => [1, 2.5, null], 5 => []], null, $at);

    if (isset($argv[1])) {
        $elements = array_map(fn (int $n) => [$n, $n / 10, "é/$n", null][$n % 4], range(1, (int) $argv[1]));
        $encoded = Serializer::create()->encode(new Envelope(new Simple('1', 'many', 10.0, $elements), [$stamps[0]]));
        told('symfony-json: many', $encoded['body'], $encoded['headers'], 1);
        told('laravel: many', (new Payloads())->payload('App\Jobs\Import@run', $elements), [], 1);
        told('json: many', json_encode($elements));
        exit;
    }

    $php = new PhpSerializer();
    $envelopes = [
        'plain' => [new Envelope($simple('Café/€')), 1],
        'stamped' => [new Envelope($simple('it\'s "quoted" \\ and \0' . "\0" . '1'), $stamps), 3],
        'not UTF-8' => [new Envelope($simple("caf\xE9"), [$stamps[0]]), 1],
        'graph' => [new Envelope(new Graph(false)), 1],
        'graph with references' => [new Envelope(new Graph(true), $stamps), 3],
        'error' => [new Envelope($simple(''), [ErrorDetailsStamp::create(new \RuntimeException('no'))]), 1],
    ];
    foreach ($envelopes as $name => [$envelope, $attempts]) {
        told("symfony-php: $name", $php->encode($envelope)['body'], [], $attempts);
    }

    $json = Serializer::create();
    foreach (['plain' => [[], 1], 'stamped' => [$stamps, 3]] as $name => [$given, $attempts]) {
        $encoded = $json->encode(new Envelope($simple("Café/€ \u{2028}"), $given));
        told("symfony-json: $name", $encoded['body'], $encoded['headers'], $attempts);
    }

    $laravel = new Payloads();
    $job = new SendReceipt('FR76 é€', 0.1, $at);
    told('laravel: plain', $laravel->payload($job), [], 1);
    told('laravel: third attempt', $laravel->payload($job), ['laravel' => ['attempts' => 2]], 3);
    told('laravel: by name', $laravel->payload('App\Jobs\Import@run', ['file' => 'a/é.csv', 'empty' => []]), [], 1);
    foreach (['aes-256-cbc' => 32, 'aes-256-gcm' => 32, 'aes-128-cbc' => 16] as $cipher => $size) {
        $key = random_bytes($size);
        $container = new Container();
        $container->instance(EncrypterContract::class, new Encrypter($key, $cipher));
        $container->instance(Encrypter::class, new Encrypter($key, $cipher));
        $laravel->setContainer($container);
        $body = $laravel->payload(new SendSecret('FR76 é€', 0.1, $at));
        told("laravel: $cipher", $body, [], 1, 'base64:' . base64_encode($key));
    }

    told('json', json_encode(['webhook' => 'payin.create', 'object' => new \stdClass(), 'amount' => 12.5, 'é' => []]));
    told('php-serialize', serialize(new Graph(true)));
    told('php-serialize: array', serialize(['amount' => 0.1, 'list' => [1, 2]]));
}
