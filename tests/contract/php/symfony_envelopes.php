<?php

/**
 * Writes envelopes as Debian's Symfony Messenger encodes them, one JSON line each: {"name", "body": base64}.
 *
 * Usage: php symfony_envelopes.php
 */

declare(strict_types=1);

namespace App\Message {
    enum Currency: string
    {
        case Euro = 'EUR';
    }

    class Transfer
    {
        private string $id = 'inherited';
        protected ?string $note = null;

        public function inheritedId(): string
        {
            return $this->id;
        }
    }

    final class PaymentReceived extends Transfer
    {
        /** @param array<int|string, mixed> $tags */
        public function __construct(
            private string $id,
            protected string $amount,
            public float $fee,
            public Currency $currency,
            public Currency $accountCurrency,
            private array $tags,
            public \DateTimeImmutable $createdAt,
            public ?object $parent = null,
        ) {
        }
    }

    final class OwnForm
    {
        public function __construct(private string $text)
        {
        }

        /** @return array<int|string, mixed> */
        public function __serialize(): array
        {
            return ['text' => $this->text, 7 => 'seven'];
        }

        /** @param array<int|string, mixed> $data */
        public function __unserialize(array $data): void
        {
            $this->text = $data['text'];
        }
    }
}

namespace {
    use App\Message\Currency;
    use App\Message\OwnForm;
    use App\Message\PaymentReceived;
    use Symfony\Component\Messenger\Envelope;
    use Symfony\Component\Messenger\Stamp\BusNameStamp;
    use Symfony\Component\Messenger\Stamp\DelayStamp;
    use Symfony\Component\Messenger\Stamp\RedeliveryStamp;
    use Symfony\Component\Messenger\Transport\Serialization\PhpSerializer;

    require '/usr/share/php/Symfony/Component/Messenger/autoload.php';

    $payment = fn (array $tags, string $id = 'po_1') => new PaymentReceived(
        $id,
        '12.50',
        0.1,
        Currency::Euro,
        Currency::Euro,
        $tags,
        new DateTimeImmutable('2024-03-31 03:30:00.123456', new DateTimeZone('Europe/Paris')),
    );
    $shared = $payment([], 'shared');
    $cases = [
        'plain' => new Envelope($payment([])),
        'stamped' => new Envelope($payment(['a', 'b']), [
            new BusNameStamp('messenger.bus.default'),
            new DelayStamp(1000),
            new DelayStamp(5000),
            new RedeliveryStamp(1, null, null, new DateTimeImmutable('2024-01-01 00:00:00+01:00')),
        ]),
        'quotes and slashes' => new Envelope($payment(['it\'s "quoted" \\ and \0' . "\0" . '1', "\\", "\0" . '7', 'é€😀'])),
        'not UTF-8' => new Envelope($payment(["caf\xE9", "\xFF\0\\'"])),
        'list and map' => new Envelope($payment(['x' => [1, 2.5, null, true], 5 => [], '07' => -0.0])),
        'shared objects' => new Envelope($payment([$shared, $shared, 'again' => $shared])),
        'own form' => new Envelope(new OwnForm("line\nbreak")),
    ];
    $serializer = new PhpSerializer();
    foreach ($cases as $name => $envelope) {
        $body = $serializer->encode($envelope)['body'];
        echo json_encode(['name' => $name, 'body' => base64_encode($body)]), "\n";
    }
}
